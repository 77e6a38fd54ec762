#include "cli.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

namespace mooring::test {

namespace {

namespace asio = boost::asio;

/// A request to `url` ("http://127.0.0.1:PORT") and its whole answer.
std::string ask(const std::string& url, const std::string& head, const std::string& body = std::string()) {
  asio::io_context loop;
  asio::ip::tcp::socket socket(loop);
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  socket.connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
  asio::write(
      socket,
      asio::buffer(head + "\r\nHost: x\r\nAuthorization: Bearer dtn_x\r\nConnection: close\r\n\r\n" + body));
  std::string answer;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(answer), end);
  return answer;
}

bool makeSandbox(const std::string& provider, const std::string& url) {
  if (provider == "daytona")
    return ask(url, "POST /api/sandbox HTTP/1.1\r\nContent-Length: 0").starts_with("HTTP/1.1 200 ");
  const std::string body = R"({"projectId":"prj_x","ports":[]})";
  const auto length = "Content-Length: " + std::to_string(body.size());
  return ask(url,
             "POST /v3/sandboxes?teamId=team_x HTTP/1.1\r\nContent-Type: application/json\r\n" + length,
             body)
      .starts_with("HTTP/1.1 200 ");
}

std::vector<std::filesystem::path> entriesOf(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> all;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    all.push_back(entry.path());
  return all;
}

/// Processes of this machine with `text` on their command line.
int processesNaming(const std::string& text) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    if (line.find(text) != std::string::npos) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("cli/emulate: tells where it is and what to set, serves, and ends when it is told to", "[cli]") {
  const Cli cli;
  auto emulator = cli.start({"emulate", "daytona"});
  const auto url = emulator.line();
  REQUIRE(url);
  CHECK(emulator.line() == "DAYTONA_API_URL=" + *url + "/api");
  CHECK(emulator.line() == "DAYTONA_API_KEY=dtn_emulator");
  CHECK(ask(*url, "GET /api/sandbox/nobody HTTP/1.1").starts_with("HTTP/1.1 404 "));
  // One is left running: it goes with the emulator, or the test's directory could not be removed.
  const auto made = ask(*url, "POST /api/sandbox HTTP/1.1\r\nContent-Length: 0");
  CHECK(made.starts_with("HTTP/1.1 200 "));
  emulator.signal(SIGTERM);
  CHECK(emulator.rest().empty());
  CHECK(emulator.wait() == 0);
}

TEST_CASE("cli/emulate: faults come by flags, and every exchange goes to the ledger's file", "[cli]") {
  const Cli cli;
  const auto ledger = cli.dir() / "ledger.jsonl";
  const std::string fault = R"({"route": "GET /api/health", "action": "status", "status": 418})";
  auto emulator = cli.start(
      {"emulate", "daytona", "--json", "--fault", fault, "--ledger", ledger.string(), "--set", "key=mine"});
  const auto told = emulator.line();
  REQUIRE(told);
  const auto json = boost::json::parse(*told);
  const std::string url(json.at("url").as_string());
  CHECK(json.at("environment").at("DAYTONA_API_KEY") == "mine");
  CHECK(ask(url, "GET /api/health HTTP/1.1").starts_with("HTTP/1.1 418 "));
  CHECK(ask(url, "GET /api/health HTTP/1.1").starts_with("HTTP/1.1 200 "));
  CHECK(ask(url, "GET /api/sandbox HTTP/1.1").starts_with("HTTP/1.1 401 "));
  emulator.signal(SIGINT);
  CHECK(emulator.wait() == 0);
  const auto text = readFile(ledger);
  CHECK(std::ranges::count(text, '\n') == 3);
  CHECK(text.find("dtn_x") == std::string::npos);
}

TEST_CASE("cli/emulate: what one left that was killed goes when the next one starts", "[cli]") {
  const Cli cli;
  const auto place = cli.dir() / "tmp";
  std::filesystem::create_directory(place);
  const std::map<std::string, std::string> env = {{"TMPDIR", place.string()}};
  const auto provider = GENERATE(std::string("daytona"), std::string("vercel"));
  INFO("provider: " << provider);

  auto killed = cli.start({"emulate", provider}, env);
  const auto url = killed.line();
  REQUIRE(url);
  REQUIRE(makeSandbox(provider, *url));
  const auto left = entriesOf(place);
  REQUIRE(left.size() == 1);
  REQUIRE(processesNaming(left.front().string()) > 0);
  // One that lives keeps what it has.
  auto living = cli.start({"emulate", provider}, env);
  REQUIRE(living.line());
  CHECK(entriesOf(place).size() == 2);
  CHECK(processesNaming(left.front().string()) > 0);

  killed.kill();
  CHECK(processesNaming(left.front().string()) > 0);
  auto next = cli.start({"emulate", provider}, env);
  REQUIRE(next.line());
  CHECK_FALSE(std::filesystem::exists(left.front()));
  CHECK(processesNaming(left.front().string()) == 0);
  CHECK(entriesOf(place).size() == 2);

  for (auto* ending : {&living, &next}) {
    ending->signal(SIGTERM);
    CHECK(ending->wait() == 0);
  }
  CHECK(entriesOf(place).empty());
}

TEST_CASE("cli/emulate: a directory is one emulator's, and another's remains go when it is taken", "[cli]") {
  const Cli cli;
  const auto place = cli.dir() / "place";
  const std::vector<std::string> args = {"emulate", "daytona", "--directory", place.string()};
  auto first = cli.start(args);
  const auto url = first.line();
  REQUIRE(url);
  REQUIRE(makeSandbox("daytona", *url));
  const auto second = cli.run(args);
  CHECK(second.code != 0);
  CHECK(second.err.find("another emulator") != std::string::npos);

  first.kill();
  CHECK(processesNaming(place.string()) > 0);
  auto third = cli.start(args);
  REQUIRE(third.line());
  // Its own command line names the directory, too.
  CHECK(processesNaming(place.string()) == 1);
  third.signal(SIGTERM);
  CHECK(third.wait() == 0);
}

TEST_CASE("cli/emulate: what it cannot do is said at once", "[cli]") {
  const Cli cli;
  const auto nobody = cli.run({"emulate", "nobody"});
  CHECK(nobody.code == 2);
  CHECK(nobody.err.find("daytona") != std::string::npos);
  const auto fault = cli.run({"emulate", "daytona", "--fault", R"({"acton": "reset"})"});
  CHECK(fault.code == 2);
  CHECK(fault.err.find("--fault") != std::string::npos);
  CHECK(fault.err.find("acton") != std::string::npos);
  const auto setting = cli.run({"emulate", "daytona", "--set", "colour=blue"});
  CHECK(setting.code == 2);
  CHECK(setting.err.find("colour") != std::string::npos);
}

}  // namespace mooring::test
