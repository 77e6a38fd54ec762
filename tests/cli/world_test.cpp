#include "cli.hpp"
#include "support/catch.hpp"
#include "support/loopback.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <filesystem>

using namespace mooring::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("cli/preview: gives the URL, waits for whoever shall answer there, and says when nobody does",
          "[cli]") {
  const Cli cli;
  const FreePort port;
  const auto id = cli.create({"--port", port.text()});
  const auto nobody = cli.run({"preview", id, port.text(), "--wait", "50ms"});
  CHECK(nobody.code == 124);
  CHECK_THAT(nobody.err, ContainsSubstring(port.text()));

  const auto at = cli.run({"preview", id, port.text()});
  INFO(at.err);
  CHECK(at.code == 0);
  CHECK_THAT(at.out, ContainsSubstring(port.text()));
  const auto url = cli.run({"preview", id, port.text(), "--json"}).json().at("url");
  CHECK_THAT(std::string(url.as_string()), ContainsSubstring(port.text()));
  CHECK(cli.run({"preview", id, "70000"}).code == 2);

  auto waiting = cli.start({"preview", id, port.text(), "--wait", "5m"});
  const auto server = cli.run({"run",
                               id,
                               "--detach",
                               "--",
                               "python3",
                               "-c",
                               "import socket\n"
                               "s = socket.socket()\n"
                               "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                               "s.bind(('127.0.0.1', " +
                                   port.text() +
                                   "))\n"
                                   "s.listen()\n"
                                   "while True: s.accept()[0].close()\n"});
  REQUIRE(server.code == 0);
  CHECK(waiting.wait() == 0);
}

TEST_CASE("cli/forward: a local port leads into the sandbox until it is interrupted", "[cli]") {
  const Cli cli;
  const FreePort port;
  const auto id = cli.create();
  // Listens before it is let go, so that nobody has to wait for it.
  const auto server = cli.run({"run",
                               id,
                               "-n",
                               "--",
                               "perl",
                               "-e",
                               R"(use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die $!;
exit 0 if fork;
open STDIN, "<", "/dev/null"; open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null";
while (my $c = $l->accept) { while (my $line = <$c>) { print $c uc $line } close $c })",
                               port.text()});
  INFO(server.err);
  REQUIRE(server.code == 0);

  auto forwarding = cli.start({"forward", id, port.text()});
  const auto address = forwarding.line();
  REQUIRE(address);
  REQUIRE(address->starts_with("127.0.0.1:"));
  const LoopbackClient client(std::stoi(address->substr(10)));
  client.send("hello\n");
  CHECK(client.receive(6) == "HELLO\n");
  forwarding.signal(SIGINT);
  CHECK(forwarding.wait() == 0);
  CHECK(client.receiveAll().empty());

  CHECK(cli.run({"forward", id, "70000"}).code == 2);
  CHECK(cli.run({"forward", "5d0c3a5e-0000-4000-8000-000000000000", "80"}).code == 3);
  const auto taken = cli.run({"forward", id, port.text(), "--local-port", port.text()});
  CHECK(taken.code != 0);
  CHECK_THAT(taken.err, ContainsSubstring("is in use"));
}

TEST_CASE("cli/providers: a table of what each can do", "[cli]") {
  const Cli cli;
  const auto told = cli.run({"providers"});
  CHECK(told.code == 0);
  CHECK_THAT(told.out, ContainsSubstring("local\tcheckpoints\tnative\t"));
  CHECK_THAT(told.out, ContainsSubstring("local\timages\tunsupported\t"));
  const auto local = cli.run({"providers", "local", "--json"}).json();
  CHECK(local.at("capabilities").at("startedCommands").at("support").as_string() == "native");
}

TEST_CASE("cli/doctor: is content where all is in place, and changes nothing", "[cli]") {
  const Cli cli;
  const auto before = cli.run({"doctor"});
  INFO(before.out << before.err);
  CHECK(before.code == 0);
  CHECK_THAT(before.out, ContainsSubstring("made on first use"));
  CHECK_FALSE(std::filesystem::exists(cli.database()));

  cli.create();
  const auto after = cli.run({"doctor", "--json"});
  CHECK(after.code == 0);
  CHECK(after.json().at("healthy").as_bool());
  std::filesystem::permissions(cli.database(), std::filesystem::perms(0644));
  const auto open = cli.run({"doctor"});
  CHECK(open.code == 0);
  CHECK_THAT(open.out, ContainsSubstring("fix: chmod 600 " + cli.database()));
}

TEST_CASE("cli/doctor: names what is broken and how to fix it, with code 1", "[cli]") {
  const Cli cli;
  const auto provider = cli.run({"doctor"}, {.env = {{"SANDBOX_PROVIDER", "nobody"}}});
  CHECK(provider.code == 1);
  CHECK_THAT(provider.out, ContainsSubstring("BROKEN  provider"));
  CHECK_THAT(provider.out, ContainsSubstring("set SANDBOX_PROVIDER to one of"));
  const auto bubblewrap = cli.run({"doctor", "--json"}, {.env = {{"PATH", "/nonexistent"}}});
  CHECK(bubblewrap.code == 1);
  CHECK_FALSE(bubblewrap.json().at("healthy").as_bool());

  const auto path = cli.dir() / "damaged";
  writeFile(path, std::string(5000, 'x'));
  const auto damaged = cli.run({"doctor", "--database", path.string()});
  CHECK(damaged.code == 1);
  CHECK_THAT(damaged.out, ContainsSubstring("BROKEN  database"));
  CHECK(readFile(path) == std::string(5000, 'x'));
}

TEST_CASE("cli/doctor: asks a cloud whether it knows the credential, and shows it to nobody", "[cli]") {
  const Cli cli;
  const auto provider = GENERATE(std::string("daytona"), std::string("vercel"), std::string("sprites"));
  INFO("provider: " << provider);
  const std::string setting = provider == "daytona" ? "key" : "token";
  auto emulator = cli.start({"emulate", provider, "--json", "--set", setting + "=of/this/test/alone"});
  const auto told = emulator.line();
  REQUIRE(told);
  CallSetup at{.env = {{"SANDBOX_PROVIDER", provider}}};
  std::string credential;
  const auto said = boost::json::parse(*told);
  for (const auto& [name, value] : said.at("environment").as_object()) {
    at.env[name] = value.as_string();
    if (name.ends_with("_KEY") || name.ends_with("_TOKEN")) credential = name;
  }
  REQUIRE_FALSE(credential.empty());

  const auto fine = cli.run({"doctor"}, at);
  INFO(fine.out << fine.err);
  CHECK(fine.code == 0);
  CHECK_THAT(fine.out, ContainsSubstring("new sandboxes go to " + provider));
  CHECK_THAT(fine.out, !ContainsSubstring(at.env[credential]));

  at.env[credential] = "a/wrong/but/long-enough-one";
  const auto refused = cli.run({"doctor"}, at);
  INFO(refused.out << refused.err);
  CHECK(refused.code == 1);
  CHECK_THAT(refused.out, ContainsSubstring("BROKEN  " + provider));
  CHECK_THAT(refused.out, ContainsSubstring(credential));
  CHECK_THAT(refused.out, !ContainsSubstring(at.env[credential]));

  emulator.signal(SIGTERM);
  CHECK(emulator.wait() == 0);
  const auto silent = cli.run({"doctor"}, at);
  INFO(silent.out << silent.err);
  CHECK(silent.code == 1);
  CHECK_THAT(silent.out, ContainsSubstring("cannot be reached"));
}

TEST_CASE("cli/recover: tells, then does; on a healed world it does nothing", "[cli]") {
  const Cli cli;
  const auto id = cli.create({"--recreate", "never"});
  CHECK(cli.run({"recover", "--dry-run", "--json"}).json().at("steps").as_array().empty());

  // Where there is nothing, the sandbox has provably vanished.
  const CallSetup elsewhere{.env = {{"MOORING_LOCAL_DIR", (cli.dir() / "elsewhere").string()}}};
  const auto planned = cli.run({"recover", "--dry-run"}, elsewhere);
  CHECK(planned.code == 0);
  CHECK_THAT(planned.out, Catch::Matchers::StartsWith("markGone  " + id));
  CHECK(cli.run({"show", id, "--json"}).json().at("status").as_string() == "active");
  const auto done = cli.run({"recover", "--json"}, elsewhere);
  INFO(done.out << done.err);
  CHECK(done.code == 0);
  CHECK(done.json().at("steps").as_array().size() == 1);
  CHECK(cli.run({"show", id, "--json"}).json().at("status").as_string() == "shutdown");

  // Where it is after all, it now belongs to nobody.
  CHECK_THAT(cli.run({"recover"}).out, Catch::Matchers::StartsWith("destroyOrphan  "));
  CHECK_THAT(cli.run({"recover"}).err, ContainsSubstring("nothing to recover"));
}

TEST_CASE("cli/version: in words and in JSON", "[cli]") {
  const Cli cli;
  CHECK_THAT(cli.run({"version"}).out, Catch::Matchers::StartsWith("mooring "));
  CHECK(cli.run({"--version"}).out == cli.run({"version"}).out);
  CHECK(!cli.run({"version", "--json"}).json().at("version").as_string().empty());
}

TEST_CASE("cli: the database is where the flag says, and readable for nobody else", "[cli]") {
  const Cli cli;
  const auto path = cli.dir() / "else" / "where.db";
  CHECK(cli.run({"count", "--database", path.string()}).out == "0\n");
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms(077)) ==
        std::filesystem::perms::none);
  CHECK_FALSE(std::filesystem::exists(cli.database()));
}
