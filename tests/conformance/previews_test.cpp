#include "trial.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mooring::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers every request with its second argument. perl-base has all it needs.
constexpr const char* server = R"(
use IO::Socket::INET;
my ($port, $text) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $port, Listen => 5, ReuseAddr => 1)
  or die "cannot listen on $port: $!";
while (my $client = $listener->accept) {
  while (my $line = <$client>) { last if $line =~ /^\r?\n$/; }
  print $client "HTTP/1.1 200 OK\r\nContent-Length: " . length($text) . "\r\nConnection: close\r\n\r\n" . $text;
  close $client;
}
)";

/// A port that nobody used a moment ago.
int freePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

/// GET over plain HTTP; the whole reply. Nothing when the URL is not one we can ask without TLS.
std::optional<std::string> get(const PreviewUrl& preview) {
  constexpr std::string_view scheme = "http://";
  if (!preview.url.starts_with(scheme)) return std::nullopt;
  auto rest = preview.url.substr(scheme.size());
  const auto slash = rest.find('/');
  const auto path = slash == std::string::npos ? "/" : rest.substr(slash);
  const auto authority = rest.substr(0, slash);
  const auto colon = authority.find(':');
  const auto host = authority.substr(0, colon);
  const auto port = colon == std::string::npos ? "80" : authority.substr(colon + 1);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  REQUIRE(getaddrinfo(host.c_str(), port.c_str(), &hints, &found) == 0);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int connected = connect(fd, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  REQUIRE(connected == 0);
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : preview.headers)
    request += name + ": " + value.reveal() + "\r\n";
  request += "\r\n";
  REQUIRE(send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  std::string reply;
  char buffer[4096];
  for (ssize_t count = 0; (count = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
    reply.append(buffer, static_cast<std::size_t>(count));
  }
  close(fd);
  return reply;
}

bool offered(Trial& trial) {
  if (trial.offers(Capability::previews)) return true;
  CHECK(failsWith(trial.sandbox().previews().url(8080).get(), Errc::unsupported));
  return false;
}

void serve(Trial& trial, const Sandbox& sandbox, int port, const std::string& text) {
  trial.sh(sandbox,
           R"(perl -e "$1" "$2" "$3" </dev/null >/dev/null 2>server.log &)",
           {server, std::to_string(port), text});
}

TEST_CASE("previews: a URL reaches what listens in the sandbox", "[conformance][previews]") {
  Trial trial;
  if (!offered(trial)) return;
  const int port = freePort();
  auto config = trial.config();
  config.ports = {port};
  auto sandbox = trial.create(config);

  // Asked for first, answered once it is there: nobody has to guess how long a server takes.
  PreviewOptions patient;
  patient.waitUntilReady = seconds(60);
  auto waiting = sandbox.previews().url(port, patient).start();
  serve(trial, sandbox, port, "hello from inside");
  const auto preview = waiting.get();
  REQUIRE(ok(preview));
  CHECK_FALSE(preview->url.empty());
  for (const auto& [name, value] : preview->headers)
    CHECK(preview->url.find(value.reveal()) == std::string::npos);
  if (const auto reply = get(*preview)) CHECK(reply->ends_with("hello from inside"));
}

TEST_CASE("previews: waiting for a port that nobody serves ends", "[conformance][previews]") {
  Trial trial;
  if (!offered(trial)) return;
  const int port = freePort();
  auto config = trial.config();
  config.ports = {port};
  auto sandbox = trial.create(config);
  PreviewOptions brief;
  brief.waitUntilReady = milliseconds(300);
  CHECK(failsWith(sandbox.previews().url(port, brief).get(), Errc::deadlineExceeded));
  CHECK(ok(sandbox.previews().url(port).get()));
}

TEST_CASE("previews: what is no port is refused", "[conformance][previews]") {
  Trial trial;
  if (!offered(trial)) return;
  auto config = trial.config();
  config.ports = {8080};
  auto sandbox = trial.create(config);
  const int port = GENERATE(0, -1, 65536);
  CHECK(failsWith(sandbox.previews().url(port).get(), Errc::invalidArgument));
}

}  // namespace
}  // namespace mooring::conformance
