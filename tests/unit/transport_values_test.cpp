#include <mooring/http/engine.hpp>
#include <mooring/http/headers.hpp>
#include <mooring/http/json.hpp>
#include <mooring/http/transport.hpp>
#include <mooring/http/url.hpp>

#include "curl/classify.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

using namespace mooring;

namespace wire {

struct Port {
  int port = 0;
  std::optional<std::string> url = {};
};
void read(http::Fields& in, Port& out) {
  in.required("port", out.port);
  in.optional("url", out.url);
}

struct Box {
  std::string id = {};
  std::vector<Port> ports = {};
  std::map<std::string, std::string> labels = {};
  bool open = true;
  double load = 0;
};
void read(http::Fields& in, Box& out) {
  in.required("id", out.id);
  in.optional("ports", out.ports);
  in.optional("labels", out.labels);
  in.optional("open", out.open);
  in.optional("load", out.load);
  if (out.id.empty()) in.refuse("has an empty id");
}

}  // namespace wire

TEST_CASE("json: a reply becomes a struct, whatever else it holds", "[unit][transport]") {
  http::Response response;
  response.status = 200;
  response.body =
      R"({"id":"b","ports":[{"port":80,"new":1},{"port":8.0,"url":"u"}],"labels":{"a":"b"},"open":false,"load":1,"x":null})";
  const auto box = http::decode<wire::Box>(response);
  REQUIRE(test::ok(box));
  CHECK(box->ports.at(1).port == 8);
  CHECK(box->ports.at(1).url == "u");
  CHECK(box->labels.at("a") == "b");
  CHECK_FALSE(box->open);
}

TEST_CASE("json: what cannot be read is named by its place", "[unit][transport]") {
  const auto failsAt = [](const char* body, const char* where) {
    http::Response response;
    response.status = 201;
    response.requestId = "r";
    response.body = body;
    const auto box = http::decode<wire::Box>(response);
    CHECK(test::failsWith(box, Errc::corrupted, where));
    CHECK(box.error().httpStatus == 201);
    CHECK(box.error().requestId == "r");
  };
  failsAt("{}", "$.id is missing");
  failsAt(R"({"id":null})", "$.id is missing");
  failsAt(R"({"id":7})", "$.id is a number, not a string");
  failsAt(R"({"id":"b","ports":[{"port":1},{}]})", "$.ports[1].port is missing");
  failsAt(R"({"id":"b","ports":[{"port":1.5}]})", "$.ports[0].port is a number, not an integer in range");
  failsAt(R"({"id":"b","ports":[{"port":3000000000}]})", "$.ports[0].port");
  failsAt(R"({"id":"b","ports":{}})", "$.ports is an object, not an array");
  failsAt(R"({"id":"b","labels":{"k":1}})", "$.labels.k is a number");
  failsAt(R"({"id":"b","open":"yes"})", "$.open is a string, not a bool");
  failsAt(R"({"id":""})", "$ has an empty id");
  failsAt("[]", "$ is an array, not an object");
  failsAt("", "there is none");
  failsAt("<html>", "near byte");
  failsAt(R"({"id":"b"} x)", "unreadable JSON");
}

TEST_CASE("json: depth and size are limited", "[unit][transport]") {
  CHECK(test::failsWith(http::parseJson(std::string(100, '[') + std::string(100, ']')), Errc::corrupted));
  http::JsonLimits limits;
  limits.size = 3;
  CHECK(test::failsWith(http::parseJson("1234", limits), Errc::corrupted, "longer than 3"));
  CHECK(http::decodeValue<std::uint64_t>(http::parseJson("18446744073709551615").value()) ==
        18446744073709551615ULL);
  CHECK_FALSE(http::decodeValue<std::uint64_t>(http::parseJson("-1").value()));
  CHECK_FALSE(http::decodeValue<std::int64_t>(http::parseJson("18446744073709551615").value()));
  CHECK_FALSE(http::decodeValue<std::uint8_t>(http::parseJson("256").value()));
}

TEST_CASE("url: taken apart, put together, resolved", "[unit][transport]") {
  const auto url = http::parseUrl("HTTPS://Api.Test:8443/a/b?x=1#part");
  REQUIRE(test::ok(url));
  CHECK(url->origin() == "https://api.test:8443");
  CHECK(url->text() == "https://api.test:8443/a/b?x=1");
  CHECK(url->path() == "/a/b");
  CHECK(url->query() == "x=1");
  CHECK(http::parseUrl("https://a.test?x")->text() == "https://a.test/?x");
  CHECK(http::parseUrl("http://[::1]:80/")->text() == "http://[::1]/");
  CHECK(http::parseUrl("wss://a.test/")->origin() == http::parseUrl("https://a.test/")->origin());
  for (const auto* bad : {"",
                          "a.test",
                          "http://",
                          "http://u:p@a.test/",
                          "http://a.test:0/",
                          "http://a.test:99999/",
                          "http://a.test:8x/",
                          "http://a.test/a b",
                          "http://a.test/\r\nX: 1",
                          "file:///etc/passwd",
                          "http://[::1"}) {
    INFO(bad);
    CHECK(test::failsWith(http::parseUrl(bad), Errc::invalidArgument));
  }
  CHECK(http::resolveUrl(*url, "c")->target == "/a/c");
  CHECK(http::resolveUrl(*url, "/c?y=http://z/")->target == "/c?y=http://z/");
  CHECK(http::resolveUrl(*url, "?y")->target == "/a/b?y");
  CHECK(http::resolveUrl(*url, "//b.test/c")->text() == "https://b.test/c");
  CHECK(http::resolveUrl(*url, "http://b.test/")->text() == "http://b.test/");
  CHECK(http::escape("a b/ü~") == "a%20b%2F%C3%BC~");
  CHECK(http::queryString({{"a", "1 2"}, {"b", "&"}}) == "?a=1%202&b=%26");
}

TEST_CASE("headers: names without case, parameters unquoted", "[unit][transport]") {
  http::Headers headers{{"A", "1"}, {"a", "2"}, {"B", "3"}};
  CHECK(headers.all("A").size() == 2);
  headers.set("a", "4");
  CHECK(headers.get("A") == "4");
  CHECK(headers.size() == 2);
  CHECK(http::mediaType("Application/X-NDJSON; charset=utf-8") == "application/x-ndjson");
  CHECK(http::parameter("form-data; name=\"a;\\\"b\"; filename=c.txt", "name") == "a;\"b");
  CHECK(http::parameter("form-data; name=\"a\"; FileName = c.txt ", "filename") == "c.txt");
  CHECK(http::parameter("form-data", "name") == std::nullopt);
}

TEST_CASE("network: proxies by scheme, and hosts that need none", "[unit][transport]") {
  const auto network = http::Network::from(Settings({{"HTTPS_PROXY", "http://p:1"},
                                                     {"HTTP_PROXY", "http://never:1"},
                                                     {"NO_PROXY", "internal.test, .corp.test,10.0.0.1"},
                                                     {"SSL_CERT_FILE", "/ca"}}));
  CHECK(network.proxyFor("a.test", true) == "http://p:1");
  CHECK(network.proxyFor("a.test", false).empty());
  CHECK(network.proxyFor("internal.test", true).empty());
  CHECK(network.proxyFor("x.internal.test", true).empty());
  CHECK(network.proxyFor("notinternal.test", true) == "http://p:1");
  CHECK(network.proxyFor("x.corp.test", true).empty());
  CHECK(network.caFile == "/ca");
}

TEST_CASE("classify: sent and unsafe is never called harmless", "[unit][transport]") {
  using http::detail::Limit;
  for (const auto code : {CURLE_OK,
                          CURLE_COULDNT_CONNECT,
                          CURLE_OPERATION_TIMEDOUT,
                          CURLE_SEND_ERROR,
                          CURLE_RECV_ERROR,
                          CURLE_GOT_NOTHING,
                          CURLE_PARTIAL_FILE,
                          CURLE_WEIRD_SERVER_REPLY,
                          CURLE_BAD_CONTENT_ENCODING,
                          CURLE_ABORTED_BY_CALLBACK,
                          CURLE_HTTP2_STREAM,
                          CURLE_SSL_CONNECT_ERROR,
                          CURLE_OUT_OF_MEMORY}) {
    for (const auto limit :
         {Limit::none, Limit::connect, Limit::firstByte, Limit::silence, Limit::total, Limit::deadline}) {
      for (const bool cancelled : {false, true}) {
        http::detail::Ending ending;
        ending.code = code;
        ending.limit = limit;
        ending.cancelled = cancelled;
        ending.sent = true;
        CHECK(http::mayHaveHappened(http::detail::classify(ending)));
        ending.safe = true;
        CHECK_FALSE(http::mayHaveHappened(http::detail::classify(ending)));
        ending.safe = false;
        ending.sent = false;
        CHECK_FALSE(http::mayHaveHappened(http::detail::classify(ending)));
      }
    }
  }
}
