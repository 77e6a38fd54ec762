#include "options.hpp"

#include <mooring/http/json.hpp>

#include "errors.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace json = boost::json;

namespace mooring::sprites {

namespace {

constexpr const char* known = "name, waitForCapacity, urlSettings, deleteOnStop, labels";

std::unexpected<Error> wrong(std::string_view name, const std::string& what) {
  return refuse(Errc::invalidArgument, "options.sprites." + std::string(name) + " " + what);
}

/// `value` as a T, with an error that names the member.
template <class T>
Result<void> take(const json::value& value, std::string_view name, T& out, const char* wanted) {
  auto decoded = http::decodeValue<T>(value);
  if (!decoded) return wrong(name, std::string("must be ") + wanted);
  out = std::move(*decoded);
  return {};
}

bool isDnsLabel(std::string_view name) {
  constexpr std::size_t longest = 53;
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= longest && plain(name.front()) && plain(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-'; });
}

Result<void> takeName(const json::value& value, std::string& out) {
  constexpr const char* wanted = "a text of lower-case letters, digits and '-', at most 53";
  if (auto taken = take(value, "name", out, wanted); !taken) return taken;
  if (!isDnsLabel(out)) return wrong("name", std::string("must be ") + wanted);
  return {};
}

Result<void> takeUrlSettings(const json::value& value, UrlAuth& out) {
  const auto* object = value.if_object();
  if (object == nullptr) return wrong("urlSettings", "must be an object");
  for (const auto& [name, member] : *object) {
    if (name != "auth") return wrong("urlSettings." + std::string(name), "is unknown; known is: auth");
    const auto auth = member.is_string() ? parseEnum<UrlAuth>(member.get_string()) : std::nullopt;
    if (!auth) return wrong("urlSettings.auth", "must be one of: " + enumChoices<UrlAuth>());
    out = *auth;
  }
  return {};
}

Result<void> takeMember(std::string_view name, const json::value& value, Options& out) {
  if (name == "name") return takeName(value, out.name);
  if (name == "waitForCapacity") return take(value, name, out.waitForCapacity, "true or false");
  if (name == "urlSettings") return takeUrlSettings(value, out.urlAuth);
  if (name == "deleteOnStop") return take(value, name, out.deleteOnStop.emplace(), "true or false");
  if (name == "labels") return take(value, name, out.labels, "an array of texts");
  return wrong(name, std::string("is unknown; known are: ") + known);
}

}  // namespace

json::object toJson(const Options& options) {
  json::object object;
  if (!options.name.empty()) object["name"] = options.name;
  if (options.waitForCapacity) object["waitForCapacity"] = true;
  if (options.urlAuth != UrlAuth::sprite)
    object["urlSettings"] = json::object{{"auth", toString(options.urlAuth)}};
  if (options.deleteOnStop) object["deleteOnStop"] = *options.deleteOnStop;
  if (!options.labels.empty()) object["labels"] = json::array(options.labels.begin(), options.labels.end());
  return object;
}

Result<Options> optionsOf(const SandboxConfig& config) {
  Options options;
  const json::value* value = config.options.if_contains(Options::provider);
  if (value == nullptr) return options;
  if (!value->is_object()) return refuse(Errc::invalidArgument, "options.sprites must be an object");
  for (const auto& [name, member] : value->get_object()) {
    if (auto taken = takeMember(name, member, options); !taken)
      return std::unexpected(std::move(taken).error());
  }
  return options;
}

}  // namespace mooring::sprites
