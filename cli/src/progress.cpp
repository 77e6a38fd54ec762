#include "progress.hpp"

#include "words.hpp"

#include <spdlog/fmt/fmt.h>

#include <sys/ioctl.h>
#include <unistd.h>

namespace mooring::cli {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t terminalWidth() {
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

/// Called on mooring's loop thread, and by the owner only when the copy is over.
struct Progress::State {
  explicit State(Output& terminal) : output(terminal) {}

  void advance(const std::string& path, std::uint64_t bytes) {
    if (path != current) {
      current = path;
      before += inCurrent;
      ++files;
    }
    inCurrent = bytes;
    const auto now = Clock::now();
    if (shown && now - lastShown < std::chrono::milliseconds(100)) return;
    lastShown = now;
    shown = true;
    auto line = fmt::format(
        "{} in {} file{}  {}", sizeText(before + inCurrent), files, files == 1 ? "" : "s", printable(path));
    line.resize(std::min(line.size(), terminalWidth() - 1));
    output.write(Stream::err, "\r\x1b[K" + line);
  }

  Output& output;
  std::string current;
  std::uint64_t before = 0;
  std::uint64_t inCurrent = 0;
  std::uint64_t files = 0;
  bool shown = false;
  Clock::time_point lastShown;
};

Progress::Progress(Session& session) {
  if (session.json() || !session.output().isTerminal(Stream::err)) return;
  state_ = std::make_shared<State>(session.output());
}

Progress::~Progress() {
  if (state_ && state_->shown) state_->output.write(Stream::err, "\r\x1b[K");
}

TransferOptions Progress::options() const {
  TransferOptions options;
  if (!state_) return options;
  options.progress = [state = state_](const std::string& path, std::uint64_t bytes) {
    state->advance(path, bytes);
  };
  return options;
}

}  // namespace mooring::cli
