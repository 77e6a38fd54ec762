#include "source.hpp"

#include <mooring/detail/base64.hpp>
#include <mooring/emulation/message.hpp>

namespace mooring::vercel::emulated {

using emulation::refused;

namespace {

constexpr auto patience = std::chrono::minutes(2);
constexpr std::size_t keptOutput = 4096;

constexpr const char* cloning = R"(set -eu
git init --quiet .
git remote add origin "$1"
git fetch --quiet ${3:+--depth "$3"} origin "${2:-HEAD}"
git checkout --quiet FETCH_HEAD
)";

constexpr const char* unpacking = R"(set -eu
curl --fail --silent --show-error --location --output /tmp/source.tar "$1"
tar --extract --file /tmp/source.tar
rm /tmp/source.tar
)";

CommandSpec commandFor(const Source& source) {
  CommandSpec command;
  command.program = "sh";
  command.env["GIT_TERMINAL_PROMPT"] = "0";
  if (source.kind == SourceKind::tarball) {
    command.args = {"-c", unpacking, "sh", source.url};
    return command;
  }
  const auto depth = source.depth ? std::to_string(*source.depth) : std::string();
  command.args = {"-c", cloning, "sh", source.url, source.revision, depth};
  if (!source.username.empty()) {
    // Not in the address: that would be seen in the list of processes, and stay in the repository.
    command.env["GIT_CONFIG_COUNT"] = "1";
    command.env["GIT_CONFIG_KEY_0"] = "http.extraHeader";
    command.env["GIT_CONFIG_VALUE_0"] = "Authorization: Basic " +
                                        detail::encodeBase64(source.username + ":" + source.password);
  }
  return command;
}

}  // namespace

Task<void> fetchSource(emulation::MachinePtr machine, Source source) {
  const std::string what = source.kind == SourceKind::git ? "clone the repository" : "unpack the archive";
  auto done = co_await machine->runCaptured(commandFor(source), patience, keptOutput);
  if (!done) co_return std::unexpected(std::move(done).error());
  if (done->late) co_return refused(400, "Could not " + what + ": it took too long");
  if (done->end.exitCode == 0) co_return Result<void>();
  co_return refused(400, "Could not " + what + ": " + done->err.substr(0, done->err.find('\n')));
}

}  // namespace mooring::vercel::emulated
