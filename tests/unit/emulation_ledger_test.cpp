#include "emulation_toy.hpp"
#include "support/temp_dir.hpp"

#include <boost/json/parse.hpp>

namespace mooring::test {

using emulation::Router;
using emulation::Stage;

namespace {

void ledgerRoutes(Router& router, const Stage& stage) {
  router.on("POST", "/links/{token}", echo).query({"token", "page"});
  router.on(
      "POST", "/boxes", [ledger = stage.ledger](emulation::ExchangePtr exchange) -> Task<emulation::Reply> {
        auto body = co_await exchange->body();
        if (!body) co_return std::unexpected(std::move(body).error());
        if (*body == "create") ledger->created("box");
        if (*body == "destroy") ledger->destroyed("box");
        ledger->ran("box", emulation::digestOf(*body));
        co_return emulation::emptyReply(204);
      });
}

}  // namespace

TEST_CASE("emulation ledger: requests are counted by route, with what became of them", "[unit][emulation]") {
  const auto host = toyHost(ledgerRoutes);
  const auto http = engineWith();
  REQUIRE(ok(send(http, post(host->url() + "/boxes", "create"))));
  REQUIRE(ok(send(http, post(host->url() + "/boxes", "run"))));
  REQUIRE(ok(send(http, get(host->url() + "/nowhere"))));
  auto& ledger = host->ledger();
  CHECK(ledger.count("POST /boxes") == 2);
  CHECK(ledger.count("") == 1);
  CHECK(ledger.total() == 3);
  CHECK(ledger.connections() == 1);
  const auto entries = ledger.entries();
  CHECK(entries[0].status == 204);
  CHECK(entries[0].bodyBytes == 6);
  CHECK(entries[0].bodyDigest == emulation::digestOf("create"));
  CHECK(entries[2].status == 404);
  ledger.reset();
  CHECK(ledger.total() == 0);
  CHECK(ledger.connections() == 0);
  CHECK(ledger.livingSandboxes() == std::vector<std::string>{"box"});
}

TEST_CASE("emulation ledger: sandboxes that live and commands that ran are told", "[unit][emulation]") {
  const auto host = toyHost(ledgerRoutes);
  const auto http = engineWith();
  REQUIRE(ok(send(http, post(host->url() + "/boxes", "create"))));
  CHECK(host->ledger().livingSandboxes() == std::vector<std::string>{"box"});
  REQUIRE(ok(send(http, post(host->url() + "/boxes", "destroy"))));
  CHECK(host->ledger().livingSandboxes().empty());
  CHECK(host->ledger().createdSandboxes() == std::vector<std::string>{"box"});
  REQUIRE(host->ledger().commands().size() == 2);
  CHECK(host->ledger().commands()[0].digest == emulation::digestOf("create"));
  auto told = send(http, get(host->url() + "/__emulator/ledger"));
  REQUIRE(ok(told));
  const auto json = boost::json::parse(told->body);
  CHECK(json.at("requests") == 2);
  CHECK(json.at("commands").as_array().size() == 2);
}

TEST_CASE("emulation ledger: no credential is written down, in the ledger or in the record",
          "[unit][emulation]") {
  const TempDir directory;
  emulation::HostOptions options;
  options.ledgerFile = directory / "ledger.jsonl";
  {
    const auto host = toyHost(ledgerRoutes, options);
    auto request = post(host->url() + "/links/hush%2Fhush?token=quiet&page=2", R"({"a":1})");
    request.headers.add("X-Secret", "whisper");
    REQUIRE(ok(send(engineWith(), request)));
    CHECK(host->ledger().entries().front().target == "/links/***?token=***&page=2");
  }
  const auto text = readFile(directory / "ledger.jsonl");
  const auto line = boost::json::parse(text);
  CHECK(line.at("route") == "POST /links/{token}");
  CHECK(line.at("body") == R"({"a":1})");
  CHECK(line.at("status") == 200);
  CHECK(text.find("hush%2Fhush?") == std::string::npos);
  CHECK(text.find("quiet") == std::string::npos);
  CHECK(text.find("whisper") == std::string::npos);
}

}  // namespace mooring::test
