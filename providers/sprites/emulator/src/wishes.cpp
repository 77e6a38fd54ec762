#include "wishes.hpp"

#include <mooring/emulation/strict.hpp>

#include <algorithm>

namespace mooring::sprites::emulated {

using emulation::Members;
using emulation::refused;

namespace {

constexpr std::size_t longestName = 63;
constexpr std::int64_t anyNumber = std::int64_t{1} << 31;

/// The name becomes a label of the DNS.
bool isName(const std::string& name) {
  const auto inside = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= longestName && std::ranges::all_of(name, inside) &&
         name.front() != '-' && name.back() != '-';
}

Result<void> parseUrlSettings(Members& outer, Changes& changes) {
  const auto* object = outer.optionalObject("url_settings");
  if (object == nullptr) return {};
  Members members(*object, "url_settings");
  changes.auth = members.optionalChoice("auth", {"sprite", "public"});
  changes.privateAccess = members.optionalChoice("private_access", {"admins", "org_users"});
  return members.done();
}

/// The service takes it and does nothing with it.
Result<void> parseConfig(Members& outer) {
  const auto* object = outer.optionalObject("config");
  if (object == nullptr) return {};
  Members members(*object, "config");
  members.optionalInteger("ram_mb", 0, anyNumber);
  members.optionalInteger("cpus", 0, anyNumber);
  members.optionalInteger("storage_gb", 0, anyNumber);
  members.optionalText("region");
  return members.done();
}

}  // namespace

void Changes::applyTo(Sprite& sprite) const {
  if (auth) sprite.urlSettings.auth = *auth;
  if (privateAccess) sprite.urlSettings.privateAccess = *privateAccess;
  if (labels) sprite.labels = *labels;
}

Result<CreateRequest> parseCreate(std::string_view body, bool isJson) {
  auto object = emulation::parseObject(isJson ? body : std::string_view());
  if (!object) return std::unexpected(std::move(object).error());
  const auto* name = object->if_contains("name");
  if (name == nullptr || !name->is_string() || name->get_string().empty())
    return refused(400, "name is required");
  Members members(*object);
  CreateRequest request;
  request.name = members.text("name");
  if (auto config = parseConfig(members); !config) return std::unexpected(std::move(config).error());
  members.optionalTexts("environment");
  if (auto settings = parseUrlSettings(members, request.changes); !settings)
    return std::unexpected(std::move(settings).error());
  request.changes.labels = members.optionalTextList("labels");
  members.optionalFlag("wait_for_capacity");
  members.optionalChoice("runtime", {"default", "dev"});
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  if (!isName(request.name)) {
    return refused(400,
                   "name is invalid: only lower-case letters, digits and hyphens, at most " +
                       std::to_string(longestName));
  }
  return request;
}

Result<Changes> parseUpdate(std::string_view body) {
  auto object = emulation::parseObject(body);
  if (!object) return std::unexpected(std::move(object).error());
  Members members(*object);
  Changes changes;
  if (auto settings = parseUrlSettings(members, changes); !settings)
    return std::unexpected(std::move(settings).error());
  changes.labels = members.optionalTextList("labels");
  if (members.optionalFlag("clear_labels").value_or(false)) changes.labels.emplace();
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return changes;
}

}  // namespace mooring::sprites::emulated
