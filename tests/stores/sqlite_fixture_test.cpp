#include <mooring/detail/json_text.hpp>
#include <mooring/sqlite/store.hpp>

#include "subject.hpp"
#include "support/temp_dir.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

using namespace mooring;
namespace json = boost::json;

namespace {

/// Everything of `expected` is in `actual`. Later versions may know more; they may not know less.
void covers(const json::value& actual, const json::value& expected, const std::string& where) {
  INFO(where);
  if (const auto* object = expected.if_object()) {
    REQUIRE(actual.is_object());
    for (const auto& member : *object) {
      const auto* found = actual.get_object().if_contains(member.key());
      INFO(std::string(member.key()));
      REQUIRE(found != nullptr);
      covers(*found, member.value(), where + "." + std::string(member.key()));
    }
  } else if (const auto* array = expected.if_array()) {
    REQUIRE(actual.is_array());
    REQUIRE(actual.get_array().size() == array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      covers(actual.get_array()[i], (*array)[i], where + "[" + std::to_string(i) + "]");
    }
  } else {
    CHECK(json::serialize(actual) == json::serialize(expected));
  }
}

template <class T>
json::array all(const Result<std::vector<T>>& items) {
  using mooring::toJson;
  using test::toJson;
  REQUIRE(test::ok(items));
  json::array out;
  for (const auto& item : *items)
    out.push_back(toJson(item));
  return out;
}

}  // namespace

TEST_CASE("sqlite/fixture: a database of the first schema opens, and every byte of it is read",
          "[stores][sqlite]") {
  const std::filesystem::path fixtures = MOORING_DATABASE_FIXTURES;
  const test::TempDir directory;
  const auto path = directory / "0001.db";
  test::writeFile(path, test::readFile(fixtures / "0001.db"));
  const auto expected = detail::parseJsonText(test::readFile(fixtures / "0001.json"));
  REQUIRE(test::ok(expected));

  const auto opened = sqlite::openStore({.path = path});
  REQUIRE(test::ok(opened));
  auto& store = **opened;
  CHECK(store.deploymentId() == expected->at("deploymentId").as_string().c_str());
  covers(all(store.debts()), expected->at("debts"), "debts");
  const auto& sandboxes = expected->at("sandboxes").as_array();
  CHECK(store.count({}) == static_cast<std::int64_t>(sandboxes.size()));
  for (const auto& sandbox : sandboxes) {
    const SandboxId id(sandbox.at("record").at("sandboxId").as_string().c_str());
    const auto record = store.get(id);
    REQUIRE(test::ok(record));
    covers(toJson(*record), sandbox.at("record"), "record");
    covers(all(store.events(id, 0, 100)), sandbox.at("events"), "events");
    covers(all(store.listCommands(id)), sandbox.at("commands"), "commands");
    // It is not only read: the next change of an old record works too.
    RecordChange change;
    change.record = *record;
    CHECK(test::ok(store.update(change, record->leaseToken)));
  }
}
