#include "support/loopback.hpp"
#include "trial.hpp"

#include <optional>

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

/// GET over plain HTTP; the whole reply. Nothing when the URL is not one we can ask without TLS.
std::optional<std::string> get(const PreviewUrl& preview) {
  constexpr std::string_view scheme = "http://";
  if (!preview.url.starts_with(scheme)) return std::nullopt;
  auto rest = preview.url.substr(scheme.size());
  const auto slash = rest.find('/');
  const auto path = slash == std::string::npos ? "/" : rest.substr(slash);
  const auto authority = rest.substr(0, slash);
  const auto colon = authority.find(':');
  const auto port = colon == std::string::npos ? 80 : std::stoi(authority.substr(colon + 1));
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : preview.headers)
    request += name + ": " + value.reveal() + "\r\n";
  const test::LoopbackClient client(port, authority.substr(0, colon));
  client.send(request + "\r\n");
  return client.receiveAll();
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
  const auto port = trial.fixture().previewPort();
  auto config = trial.config();
  config.ports = {port.asked};
  auto sandbox = trial.create(config);

  // Asked for first, answered once it is there: nobody has to guess how long a server takes.
  PreviewOptions patient;
  patient.waitUntilReady = seconds(60);
  auto waiting = sandbox.previews().url(port.asked, patient).start();
  serve(trial, sandbox, port.served, "hello from inside");
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
  const int port = trial.fixture().previewPort().asked;
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
