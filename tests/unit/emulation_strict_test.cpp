#include <mooring/emulation/router.hpp>
#include <mooring/emulation/schema.hpp>
#include <mooring/emulation/strict.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/parse.hpp>

namespace mooring::test {

using emulation::Members;
using emulation::Router;
using emulation::Schemas;

namespace {

constexpr std::string_view description = R"({
  "operations": {
    "POST /boxes": {"body": {"is": "Box"}},
    "GET /boxes": {"query": {"limit": {"type": "number", "minimum": 1, "maximum": 9},
                             "states": {"type": "array", "items": {"is": "State"}},
                             "deep": {"type": "boolean"}},
                   "requiredQuery": ["limit"]}
  },
  "schemas": {
    "Box": {"type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"},
                           "size": {"type": "integer", "minimum": 1},
                           "note": {"type": "string", "nullable": true},
                           "state": {"is": "State"},
                           "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                           "lids": {"type": "array", "items": {"is": "Lid"}}}},
    "Lid": {"type": "object", "properties": {"open": {"type": "boolean"}}},
    "State": {"type": "string", "enum": ["new", "old"]}
  }
})";

Schemas boxes() {
  auto schemas = Schemas::read(description);
  REQUIRE(ok(schemas));
  return std::move(*schemas);
}

std::string complaint(const Result<void>& checked) {
  return checked ? std::string() : checked.error().message;
}

}  // namespace

TEST_CASE("emulation schema: a body that fits passes", "[unit][emulation]") {
  const auto body = R"({"name": "b", "size": 3, "note": null, "state": "new", "labels": {"x": "y"},
                        "lids": [{"open": true}, {}]})";
  CHECK(ok(boxes().checkBody("POST /boxes", boost::json::parse(body))));
}

TEST_CASE("emulation schema: what does not fit is named with its place", "[unit][emulation]") {
  const auto [body, said] = GENERATE(table<const char*, const char*>({
      {R"([])", "the body must be an object"},
      {R"({})", "name is missing"},
      {R"({"name": 1})", "name must be a string"},
      {R"({"name": null})", "name must not be null"},
      {R"({"name": "b", "size": 0})", "size must not be less than 1"},
      {R"({"name": "b", "size": 1.5})", "size must be an integer"},
      {R"({"name": "b", "state": "torn"})", "state must be one of: new, old"},
      {R"({"name": "b", "colour": "red"})", "property colour should not exist"},
      {R"({"name": "b", "labels": {"x": 1}})", "labels.x must be a string"},
      {R"({"name": "b", "lids": [{}, {"open": 1}]})", "lids.1.open must be a boolean"},
      {R"({"name": "b", "lids": [{"shut": true}]})", "property lids.0.shut should not exist"},
  }));
  CHECK(complaint(boxes().checkBody("POST /boxes", boost::json::parse(body))) == said);
}

TEST_CASE("emulation schema: queries are held to their types, repeated names to their items",
          "[unit][emulation]") {
  const auto schemas = boxes();
  using Query = std::vector<std::pair<std::string, std::string>>;
  const auto check = [&](const Query& query) { return complaint(schemas.checkQuery("GET /boxes", query)); };
  CHECK(check({{"limit", "3"}, {"states", "new"}, {"states", "old"}, {"deep", "true"}}).empty());
  CHECK(check({{"limit", "10"}}) == "limit must not be greater than 9");
  CHECK(check({{"limit", "many"}}) == "limit must be a number");
  CHECK(check({{"limit", "3"}, {"states", "torn"}}) == "states must be one of: new, old");
  CHECK(check({{"limit", "3"}, {"deep", "yes"}}) == "deep must be a boolean");
  CHECK(check({{"limit", "3"}, {"colour", "red"}}) == "query parameter colour should not exist");
  CHECK(check({}) == "query parameter limit is missing");
}

TEST_CASE("emulation strict: members are read, and the first problem is told", "[unit][emulation]") {
  const auto read = [](const char* text) {
    const auto value = boost::json::parse(text);
    Members members(value.as_object());
    members.text("name");
    members.optionalInteger("size", 1, 9);
    members.optionalFlag("open");
    members.optionalTexts("labels");
    members.optionalTextList("parts");
    members.optionalChoice("kind", {"a", "b"});
    return complaint(members.done());
  };
  CHECK(
      read(R"({"name": "x", "size": 9.0, "open": false, "labels": {"a": "b"}, "parts": ["c"], "kind": "a"})")
          .empty());
  CHECK(read(R"({})") == "name is missing");
  CHECK(read(R"({"name": "x", "size": 10})") == "size must be an integer from 1 to 9");
  CHECK(read(R"({"name": "x", "open": "no"})") == "open must be a boolean");
  CHECK(read(R"({"name": "x", "labels": {"a": 1}})") == "labels.a must be a string");
  CHECK(read(R"({"name": "x", "parts": [1]})") == "parts must be an array of strings");
  CHECK(read(R"({"name": "x", "kind": "c"})") == "kind must be one of: a, b");
  CHECK(read(R"({"name": "x", "colour": 1})") == "colour is unknown");
}

TEST_CASE("emulation router: literal segments win, names take what is left", "[unit][emulation]") {
  Router router;
  const auto never = [](emulation::ExchangePtr /*exchange*/) -> Task<emulation::Reply> {
    co_return emulation::emptyReply(200);
  };
  router.on("GET", "/boxes/{id}", never);
  router.on("GET", "/boxes/all", never);
  router.on("GET", "/files/{path...}", never);
  router.on("*", "/boxes/{id}/lids/{number}", never);
  const auto found = [&](const std::string& method, const std::string& path) {
    emulation::Request request;
    request.method = method;
    request.path = path;
    auto route = router.find(request);
    if (!route) return std::to_string(route.error().httpStatus);
    std::string text = request.route;
    for (const auto& [name, value] : request.params)
      text += " " + name + "=" + value;
    return text;
  };
  CHECK(found("GET", "/boxes/all") == "GET /boxes/all");
  CHECK(found("HEAD", "/boxes/all") == "GET /boxes/all");
  CHECK(found("GET", "/boxes/a%2Fb") == "GET /boxes/{id} id=a/b");
  CHECK(found("PUT", "/boxes/x/lids/7") == "* /boxes/{id}/lids/{number} id=x number=7");
  CHECK(found("GET", "/files/a/b%20c/d") == "GET /files/{path...} path=a/b c/d");
  CHECK(found("GET", "/boxes/") == "404");
  CHECK(found("PUT", "/boxes/x") == "405");
}

}  // namespace mooring::test
