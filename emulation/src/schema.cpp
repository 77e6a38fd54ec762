#include <mooring/emulation/message.hpp>
#include <mooring/emulation/schema.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace mooring::emulation {

namespace json = boost::json;

namespace {

const json::object* objectIn(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string textIn(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flagIn(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

bool isWhole(const json::value& value) {
  if (value.is_int64() || value.is_uint64()) return true;
  return value.is_double() &&
         value.get_double() == static_cast<double>(static_cast<std::int64_t>(value.get_double()));
}

bool hasType(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return isWhole(value);
  if (type == "number") return value.is_number();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return true;
}

std::string choices(const json::array& all) {
  std::string text;
  for (const auto& choice : all)
    text += (text.empty() ? "" : ", ") +
            (choice.is_string() ? std::string(choice.get_string()) : json::serialize(choice));
  return text;
}

/// A query parameter's text as the JSON that its schema means; as text where it cannot be read so.
json::value asJson(const std::string& text, std::string_view type) {
  if (type == "boolean" && (text == "true" || text == "false")) return text == "true";
  if (type == "number" || type == "integer") {
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc() && end == text.data() + text.size()) return number;
  }
  return json::value(text);
}

}  // namespace

Result<Schemas> Schemas::read(std::string_view text) {
  boost::system::error_code problem;
  auto value = json::parse(text, problem);
  if (problem || !value.is_object() || objectIn(value.get_object(), "operations") == nullptr ||
      objectIn(value.get_object(), "schemas") == nullptr) {
    return failure(Errc::corrupted, "this is no condensed API description");
  }
  Schemas schemas;
  schemas.document_ = std::move(value.get_object());
  return schemas;
}

const json::object* Schemas::operation(std::string_view name) const {
  return objectIn(*objectIn(document_, "operations"), name);
}

const json::object& Schemas::resolve(const json::object& schema) const {
  const json::object* found = &schema;
  while (const auto* name = found->if_contains("is")) {
    const auto* next = objectIn(*objectIn(document_, "schemas"), std::string_view(name->get_string()));
    if (next == nullptr) break;
    found = next;
  }
  return *found;
}

std::vector<std::string> Schemas::operations() const {
  std::vector<std::string> names;
  for (const auto& member : *objectIn(document_, "operations"))
    names.emplace_back(member.key());
  return names;
}

bool Schemas::takesBody(std::string_view name) const {
  const auto* found = operation(name);
  return found != nullptr && found->contains("body");
}

Result<void> Schemas::checkQuery(std::string_view name,
                                 const std::vector<std::pair<std::string, std::string>>& query) const {
  const auto* found = operation(name);
  if (found == nullptr) return {};
  const json::object none;
  const auto* known = objectIn(*found, "query");
  if (known == nullptr) known = &none;
  for (const auto& [parameter, text] : query) {
    const auto* given = objectIn(*known, parameter);
    if (given == nullptr) return refused(400, "query parameter " + parameter + " should not exist");
    const json::object* schema = &resolve(*given);
    // Repeated names are the items of an array.
    if (textIn(*schema, "type") == "array") schema = &resolve(*objectIn(*schema, "items"));
    const auto flaw = flawOf(asJson(text, textIn(*schema, "type")), *schema, parameter);
    if (!flaw.empty()) return refused(400, flaw);
  }
  if (const auto* required = found->if_contains("requiredQuery")) {
    for (const auto& needed : required->as_array()) {
      const std::string_view wanted = needed.as_string();
      bool there = false;
      for (const auto& pair : query)
        there = there || pair.first == wanted;
      if (!there) return refused(400, "query parameter " + std::string(wanted) + " is missing");
    }
  }
  return {};
}

Result<void> Schemas::checkBody(std::string_view name, const json::value& body) const {
  const auto* found = operation(name);
  const auto* schema = found == nullptr ? nullptr : objectIn(*found, "body");
  if (schema == nullptr) return {};
  const auto flaw = flawOf(body, *schema, std::string());
  if (flaw.empty()) return {};
  return refused(400, flaw);
}

std::string Schemas::flawOf(const json::value& value,
                            const json::object& given,
                            const std::string& place) const {
  const auto& schema = resolve(given);
  const std::string where = place.empty() ? "the body" : place;
  if (value.is_null()) return flagIn(schema, "nullable") ? "" : where + " must not be null";
  const auto type = textIn(schema, "type");
  if (!hasType(value, type)) {
    const bool vowel = type == "array" || type == "object" || type == "integer";
    return where + " must be " + (vowel ? "an " : "a ") + type;
  }
  if (const auto* all = schema.if_contains("enum"); all != nullptr && all->is_array()) {
    bool known = false;
    for (const auto& choice : all->get_array())
      known = known || choice == value;
    if (!known) return where + " must be one of: " + choices(all->get_array());
  }
  if (const auto* least = schema.if_contains("minimum"); least && value.is_number()) {
    if (value.to_number<double>() < least->to_number<double>())
      return where + " must not be less than " + json::serialize(*least);
  }
  if (const auto* most = schema.if_contains("maximum"); most && value.is_number()) {
    if (value.to_number<double>() > most->to_number<double>())
      return where + " must not be greater than " + json::serialize(*most);
  }
  if (value.is_object()) return objectFlaw(value.get_object(), schema, place);
  const auto* items = objectIn(schema, "items");
  if (!value.is_array() || items == nullptr) return {};
  for (std::size_t i = 0; i < value.get_array().size(); ++i) {
    auto flaw = flawOf(value.get_array()[i], *items, place + "." + std::to_string(i));
    if (!flaw.empty()) return flaw;
  }
  return {};
}

std::string Schemas::objectFlaw(const json::object& value,
                                const json::object& schema,
                                const std::string& place) const {
  const std::string prefix = place.empty() ? "" : place + ".";
  const auto* properties = objectIn(schema, "properties");
  const auto* others = schema.if_contains("additionalProperties");
  if (const auto* required = schema.if_contains("required"); required != nullptr && required->is_array()) {
    for (const auto& name : required->get_array()) {
      if (!value.contains(name.as_string())) return prefix + std::string(name.as_string()) + " is missing";
    }
  }
  for (const auto& member : value) {
    const std::string name(member.key());
    const auto* known = properties == nullptr ? nullptr : objectIn(*properties, name);
    if (known == nullptr && others != nullptr && others->is_object()) known = &others->get_object();
    if (known == nullptr) {
      const bool open = others != nullptr ? !others->is_bool() || others->get_bool() : properties == nullptr;
      if (open) continue;
      return "property " + prefix + name + " should not exist";
    }
    auto flaw = flawOf(member.value(), *known, prefix + name);
    if (!flaw.empty()) return flaw;
  }
  return {};
}

}  // namespace mooring::emulation
