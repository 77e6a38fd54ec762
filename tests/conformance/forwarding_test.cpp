#include "support/loopback.hpp"
#include "trial.hpp"

#include <future>
#include <stop_token>

namespace mooring::conformance {
namespace {

using test::FreePort;
using test::LoopbackClient;

/// Listens on port $1 and goes to the background; to each connection it gives back in capitals what it sends,
/// and at its end how many bytes that were. perl-base has all it needs.
constexpr const char* server = R"(perl -e '
use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1)
  or die "cannot listen on $ARGV[0]: $!";
exit 0 if fork;
open STDIN, "<", "/dev/null"; open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null";
$SIG{CHLD} = "IGNORE";
while (my $client = $listener->accept) {
  if (fork) { close $client; next }
  while (sysread $client, my $bytes, 65536) { syswrite $client, uc $bytes }
  exit 0;
}' "$1")";

/// A forwarding in the background, ended by the destructor.
class Forwarded {
 public:
  Forwarded(const Sandbox& sandbox, int port) {
    auto listening = std::make_shared<std::promise<int>>();
    auto broken = std::make_shared<std::promise<Error>>();
    broken_ = broken->get_future();
    auto first = std::make_shared<bool>(true);
    ForwardOptions options;
    options.onListening = [listening](std::uint16_t local) { listening->set_value(local); };
    options.onBroken = [broken, first](const Error& error) {
      if (std::exchange(*first, false)) broken->set_value(error);
    };
    CallOptions call;
    call.stopToken = stop_.get_token();
    end_ = sandbox.forward(port, std::move(options), call).start();
    auto local = listening->get_future();
    if (local.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      throw std::runtime_error("it does not listen");
    }
    port_ = local.get();
  }
  ~Forwarded() { static_cast<void>(stop()); }
  Forwarded(const Forwarded&) = delete;
  Forwarded& operator=(const Forwarded&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// Why the first connection broke.
  Error broken() {
    if (broken_.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      throw std::runtime_error("no connection broke");
    }
    return broken_.get();
  }
  Result<void> stop() {
    stop_.request_stop();
    return end_.valid() ? end_.get() : Result<void>();
  }

 private:
  std::stop_source stop_;
  std::future<Result<void>> end_;
  std::future<Error> broken_;
  int port_ = 0;
};

bool offered(Trial& trial) {
  if (trial.offers(Capability::portForwarding)) return true;
  CHECK(failsWith(trial.sandbox().forward(8080).get(), Errc::unsupported));
  return false;
}

TEST_CASE("forwarding: bytes go both ways over several connections at once", "[conformance][forwarding]") {
  Trial trial;
  if (!offered(trial)) return;
  const FreePort inside;
  trial.sh(server, {inside.text()});
  const Forwarded forwarded(trial.sandbox(), inside.number());

  const LoopbackClient first(forwarded.port());
  const LoopbackClient second(forwarded.port());
  second.send("second");
  CHECK(second.receive(6) == "SECOND");
  first.send("first");
  CHECK(first.receive(5) == "FIRST");
  std::string bytes;
  for (int i = 0; i < 50'000; ++i)
    bytes += static_cast<char>(i % 64);  // No letters among them: they come back as they are.
  second.send(bytes);
  CHECK(second.receive(bytes.size()) == bytes);
}

TEST_CASE("forwarding: a port that nobody listens on breaks the connection, and the next one goes on",
          "[conformance][forwarding]") {
  Trial trial;
  if (!offered(trial)) return;
  const FreePort inside;
  Forwarded forwarded(trial.sandbox(), inside.number());
  const LoopbackClient early(forwarded.port());
  CHECK(early.receiveAll().empty());
  const auto why = forwarded.broken();
  INFO(describe(why));
  CHECK(why.code == Errc::notFound);

  trial.sh(server, {inside.text()});
  const LoopbackClient late(forwarded.port());
  late.send("late");
  CHECK(late.receive(4) == "LATE");
}

TEST_CASE("forwarding: stopping it closes its connections", "[conformance][forwarding]") {
  Trial trial;
  if (!offered(trial)) return;
  const FreePort inside;
  trial.sh(server, {inside.text()});
  Forwarded forwarded(trial.sandbox(), inside.number());
  const LoopbackClient client(forwarded.port());
  client.send("here");
  REQUIRE(client.receive(4) == "HERE");
  CHECK(failsWith(forwarded.stop(), Errc::cancelled));
  CHECK(client.receiveAll().empty());
  CHECK_THROWS(LoopbackClient(forwarded.port()));
}

TEST_CASE("forwarding: a connection wakes a sandbox that sleeps", "[conformance][forwarding]") {
  Trial trial;
  if (!offered(trial) || !trial.offers(Capability::resume)) return;
  const FreePort inside;
  auto config = trial.config();
  const auto sandbox = trial.create(config);
  Forwarded forwarded(sandbox, inside.number());
  trial.fixture().putToSleep(sandbox.id());
  const LoopbackClient client(forwarded.port());
  CHECK(client.receiveAll().empty());
  // It was woken, and is now asked: its servers ended when it slept.
  CHECK(forwarded.broken().code == Errc::notFound);
}

TEST_CASE("forwarding: what is no port is refused, and so is a local one that is taken",
          "[conformance][forwarding]") {
  Trial trial;
  if (!offered(trial)) return;
  const int port = GENERATE(0, -1, 65536);
  CHECK(failsWith(trial.sandbox().forward(port).get(), Errc::invalidArgument));
  Forwarded forwarded(trial.sandbox(), 8080);
  ForwardOptions same;
  same.localPort = static_cast<std::uint16_t>(forwarded.port());
  CHECK(failsWith(trial.sandbox().forward(8080, same).get(), Errc::conflict));
}

}  // namespace
}  // namespace mooring::conformance
