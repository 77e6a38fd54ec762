// The step about previews.
#include "smoke/walk.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mooring::cli::smoke {

namespace {

/// Whichever of these the image has. Each answers every request, for ever.
constexpr const char* server = R"sh(
cd "$(mktemp -d)" && echo hello >index.html
if command -v python3 >/dev/null; then exec python3 -m http.server "$1"; fi
if command -v node >/dev/null; then
  exec node -e 'require("http").createServer((q, r) => r.end("hello\n")).listen(process.argv[1])' "$1"
fi
exec perl -MIO::Socket::INET -e '
  my $s = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
  while (my $c = $s->accept) {
    while (<$c>) { last if /^\r?$/ }
    print $c "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello\n";
    close $c;
  }' "$1"
)sh";

/// Where a sandbox has this machine's network, its ports are this machine's too.
int freePort() {
  constexpr int usual = 8123;
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return usual;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool found = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(descriptor);
  return found ? ntohs(address.sin_port) : usual;
}

}  // namespace

Found reachPort(World& world) {
  constexpr int onlyPort = 8080;
  int port = freePort();
  SandboxConfig config;
  config.provider = world.provider;
  config.purpose = "smoke";
  config.ports = {port};  // Some providers want them named beforehand.
  auto sandbox = world.service.create(config, world.call).get();
  if (!sandbox && sandbox.error().code == Errc::unsupported) {
    // A provider of one port; everywhere it is this one.
    port = onlyPort;
    config.ports = {port};
    sandbox = world.service.create(config, world.call).get();
  }
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  Command command;
  command.program = "sh";
  // In a shell of its own, so that it goes on when the command has ended.
  const auto script = "(" + std::string(server) + ") >/dev/null 2>&1 </dev/null &";
  command.args = {"-c", script, "sh", std::to_string(port)};
  command.timeouts.total = std::chrono::minutes(1);
  auto served = sandbox->run(std::move(command), world.call).get();
  Found found = "a server in the sandbox answers at its URL";
  if (!served) {
    found = std::unexpected(std::move(served).error());
  } else {
    PreviewOptions patient;
    patient.waitUntilReady = std::chrono::seconds(30);
    auto preview = sandbox->previews().url(port, patient, world.call).get();
    if (!preview) {
      found = std::unexpected(std::move(preview).error());
    } else if (!preview->headers.empty()) {
      found = "a server in the sandbox answers at its URL, to its header";
    }
  }
  auto destroyed = sandbox->destroy(world.call).get();
  if (found && !destroyed) return std::unexpected(std::move(destroyed).error());
  return found;
}

}  // namespace mooring::cli::smoke
