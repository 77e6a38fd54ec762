#include "files/shell_call.hpp"

#include "errors.hpp"
#include "run/session.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace mooring::daytona {

namespace {

constexpr std::size_t longestComplaint = std::size_t{64} * 1024;

class Collected final : public RunObserver {
 public:
  void onStarted() override {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    if (stream == Stream::out) {
      result.out += asText(bytes);
    } else if (result.err.size() < longestComplaint) {
      result.err += asText(bytes);
    }
  }
  ShellResult result;
};

struct Meaning {
  std::string_view words = {};
  Errc code = Errc::unavailable;
};

/// As the C libraries put it; programs have a few phrases of their own.
constexpr std::array meanings = {
    Meaning{"No such file or directory", Errc::notFound},
    Meaning{"Permission denied", Errc::permissionDenied},
    Meaning{"Operation not permitted", Errc::permissionDenied},
    Meaning{"Read-only file system", Errc::permissionDenied},
    Meaning{"Text file busy", Errc::permissionDenied},
    Meaning{"Is a directory", Errc::conflict},
    Meaning{"is a directory", Errc::conflict},
    Meaning{"cannot overwrite", Errc::conflict},
    Meaning{"File exists", Errc::conflict},
    Meaning{"Directory not empty", Errc::conflict},
    Meaning{"Device or resource busy", Errc::conflict},
    Meaning{"Resource busy", Errc::conflict},
    Meaning{"No space left on device", Errc::quotaExceeded},
    Meaning{"Disk quota exceeded", Errc::quotaExceeded},
    Meaning{"Quota exceeded", Errc::quotaExceeded},
    Meaning{"File too large", Errc::quotaExceeded},
    Meaning{"File name too long", Errc::invalidArgument},
    Meaning{"Too many levels of symbolic links", Errc::invalidArgument},
    Meaning{"Symbolic link loop", Errc::invalidArgument},
    Meaning{"Invalid argument", Errc::invalidArgument},
    Meaning{"subdirectory of itself", Errc::invalidArgument},
    Meaning{"content damaged", Errc::corrupted},
};

}  // namespace

Task<ShellResult> callProgram(FilePlace place,
                              std::string program,
                              std::vector<std::string> args,
                              std::shared_ptr<ByteSource> input,
                              Effect effect) {
  CommandSpec spec;
  spec.program = std::move(program);
  spec.args = std::move(args);
  spec.env.emplace("LC_ALL", "C");
  spec.input = std::move(input);
  Collected seen;
  auto session = std::make_shared<RunSession>(std::move(place.account),
                                              std::move(place.spent),
                                              std::move(place.instance),
                                              seen,
                                              std::move(place.call));
  auto end = co_await session->run(std::move(spec));
  if (!end) {
    auto error = std::move(end).error();
    if (error.code != Errc::outcomeUnknown || !error.cause) co_return std::unexpected(std::move(error));
    // Whatever became of files that are gone with their sandbox does not matter any more.
    auto cause = *error.cause;
    if (effect == Effect::changes && cause.code != Errc::gone) co_return std::unexpected(std::move(error));
    if (cause.code == Errc::outcomeUnknown) {
      cause.code = Errc::unavailable;
      cause.transience = Transience::exhausted;
    }
    co_return std::unexpected(std::move(cause));
  }
  if (end->interrupted) co_return refuse(Errc::cancelled, "the call was cancelled");
  seen.result.exitCode = end->exitCode;
  co_return std::move(seen.result);
}

Task<ShellResult> callShell(FilePlace place,
                            std::string_view script,
                            std::vector<std::string> args,
                            std::shared_ptr<ByteSource> input,
                            Effect effect) {
  std::vector<std::string> all{"-c", std::string(script), "sh"};
  std::ranges::move(args, std::back_inserter(all));
  co_return co_await callProgram(std::move(place), "sh", std::move(all), std::move(input), effect);
}

std::string argument(const SandboxPath& path) {
  auto text = path.value;
  while (text.size() > 1 && text.ends_with('/'))
    text.pop_back();
  return text.starts_with('/') ? text : "./" + text;
}

Result<void> checkPath(const SandboxPath& path) {
  if (path.value.empty()) return refuse(Errc::invalidArgument, "a path in the sandbox is empty");
  if (path.value.find('\0') != std::string::npos)
    return refuse(Errc::invalidArgument, "a path in the sandbox holds a NUL");
  return {};
}

std::unexpected<Error> fileFailure(std::string_view verb,
                                   const std::string& path,
                                   std::string_view complaint,
                                   Errc notDirectory) {
  auto code = Errc::unavailable;
  std::string_view words;
  if (complaint.find("Not a directory") != std::string_view::npos) {
    code = notDirectory;
    words = "Not a directory";
  }
  for (const auto& meaning : meanings) {
    if (!words.empty() || complaint.find(meaning.words) == std::string_view::npos) continue;
    code = meaning.code;
    words = meaning.words;
  }
  std::string shown(words.empty() ? complaint.substr(0, 300) : words);
  for (auto& c : shown)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  while (shown.ends_with(' '))
    shown.pop_back();
  return refuse(
      code,
      fmt::format(
          "cannot {} {} in the sandbox: {}", verb, path, shown.empty() ? "no reason was given" : shown));
}

}  // namespace mooring::daytona
