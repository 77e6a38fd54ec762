#include "options.hpp"

#include <mooring/http/json.hpp>
#include <mooring/http/url.hpp>

#include "errors.hpp"

#include <boost/json/array.hpp>

namespace json = boost::json;

namespace mooring::vercel {

namespace {

constexpr const char* known =
    "source, persistent, envVars, region, failoverRegions, networkPolicy, snapshotExpirationHours, "
    "keepLastSnapshots";
constexpr const char* knownInSource =
    "type, url, revision, depth, snapshotId, usernameVariable, passwordVariable";

json::object toJson(const Source& source) {
  json::object object{{"type", toString(source.type)}};
  if (!source.url.empty()) object["url"] = source.url;
  if (!source.revision.empty()) object["revision"] = source.revision;
  if (source.depth != 0) object["depth"] = source.depth;
  if (!source.snapshotId.empty()) object["snapshotId"] = source.snapshotId;
  if (!source.usernameVariable.empty()) object["usernameVariable"] = source.usernameVariable;
  if (!source.passwordVariable.empty()) object["passwordVariable"] = source.passwordVariable;
  return object;
}

std::unexpected<Error> wrong(std::string_view name, const std::string& what) {
  return refuse(Errc::invalidArgument, "options.vercel." + std::string(name) + " " + what);
}

/// `value` as a T, with an error that names the member.
template <class T>
Result<void> take(const json::value& value, std::string_view name, T& out, const char* wanted) {
  auto decoded = http::decodeValue<T>(value);
  if (!decoded) return wrong(name, std::string("must be ") + wanted);
  out = std::move(*decoded);
  return {};
}

Result<void> takeNumber(
    const json::value& value, std::string_view name, std::int64_t least, std::int64_t most, int& out) {
  const auto wanted = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  std::int64_t number = 0;
  if (auto taken = take(value, name, number, wanted.c_str()); !taken) return taken;
  if (number < least || number > most) return wrong(name, "must be " + wanted);
  out = static_cast<int>(number);
  return {};
}

Result<void> takeSourceMember(std::string_view name, const json::value& value, Source& out) {
  const auto where = "source." + std::string(name);
  if (name == "type") {
    const auto type = value.is_string() ? parseEnum<SourceType>(value.get_string()) : std::nullopt;
    if (!type) return wrong(where, "must be one of: " + enumChoices<SourceType>());
    out.type = *type;
    return {};
  }
  if (name == "url") return take(value, where, out.url, "a text");
  if (name == "revision") return take(value, where, out.revision, "a text");
  if (name == "depth") return takeNumber(value, where, 0, 1'000'000, out.depth);
  if (name == "snapshotId") return take(value, where, out.snapshotId, "a text");
  if (name == "usernameVariable") return take(value, where, out.usernameVariable, "a variable's name");
  if (name == "passwordVariable") return take(value, where, out.passwordVariable, "a variable's name");
  return wrong(where, std::string("is unknown; known are: ") + knownInSource);
}

Result<void> checkSource(const Source& source) {
  if (source.type == SourceType::snapshot) {
    if (source.snapshotId.empty() || !source.url.empty())
      return wrong("source", "of type snapshot has a snapshotId and no url");
    return {};
  }
  // Userinfo in an address is refused by parseUrl: it would be kept in the record.
  const auto url = http::parseUrl(source.url);
  if (!url || !(url->scheme == "https" || url->scheme == "http"))
    return wrong("source.url", "must be an http or https address without credentials in it");
  const bool git = source.type == SourceType::git;
  if (!git && !(source.revision.empty() && source.depth == 0 && source.usernameVariable.empty() &&
                source.passwordVariable.empty())) {
    return wrong("source", "of type tarball has a url and nothing else");
  }
  if (!source.snapshotId.empty()) return wrong("source.snapshotId", "is for type snapshot only");
  return {};
}

Result<void> takeSource(const json::value& value, std::optional<Source>& out) {
  const auto* object = value.if_object();
  if (object == nullptr) return wrong("source", "must be an object");
  Source source;
  if (!object->contains("type")) return wrong("source.type", "is missing: " + enumChoices<SourceType>());
  for (const auto& [name, member] : *object) {
    if (auto taken = takeSourceMember(name, member, source); !taken) return taken;
  }
  if (auto fine = checkSource(source); !fine) return fine;
  out = std::move(source);
  return {};
}

Result<void> takePersistent(const json::value& value, std::optional<bool>& out) {
  bool on = false;
  if (auto taken = take(value, "persistent", on, "true or false"); !taken) return taken;
  out = on;
  return {};
}

Result<void> takePolicy(const json::value& value, json::object& out) {
  if (!value.is_object()) return wrong("networkPolicy", "must be an object, as Vercel documents it");
  out = value.get_object();
  return {};
}

Result<void> takeExpiration(const json::value& value, std::chrono::hours& out) {
  constexpr int shortest = 24;
  constexpr int longest = 10 * 365 * 24;
  int hours = 0;
  if (auto taken = takeNumber(value, "snapshotExpirationHours", 0, longest, hours); !taken) return taken;
  if (hours != 0 && hours < shortest)
    return wrong("snapshotExpirationHours", "must be 0, for ever, or at least 24");
  out = std::chrono::hours(hours);
  return {};
}

Result<void> takeMember(std::string_view name, const json::value& value, Options& out) {
  if (name == "source") return takeSource(value, out.source);
  if (name == "persistent") return takePersistent(value, out.persistent);
  if (name == "envVars") return take(value, name, out.envVars, "an object of texts");
  if (name == "region") return take(value, name, out.region, "a text");
  if (name == "failoverRegions") return take(value, name, out.failoverRegions, "an array of texts");
  if (name == "networkPolicy") return takePolicy(value, out.networkPolicy);
  if (name == "snapshotExpirationHours") return takeExpiration(value, out.snapshotExpiration);
  if (name == "keepLastSnapshots") return takeNumber(value, name, 1, 10, out.keepLastSnapshots.emplace());
  return wrong(name, std::string("is unknown; known are: ") + known);
}

}  // namespace

json::object toJson(const Options& options) {
  const Options defaults;
  json::object object;
  if (options.source) object["source"] = toJson(*options.source);
  if (options.persistent) object["persistent"] = *options.persistent;
  if (!options.envVars.empty()) {
    json::object env;
    for (const auto& [name, value] : options.envVars)
      env[name] = value;
    object["envVars"] = std::move(env);
  }
  if (!options.region.empty()) object["region"] = options.region;
  if (!options.failoverRegions.empty()) {
    object["failoverRegions"] = json::array(options.failoverRegions.begin(), options.failoverRegions.end());
  }
  if (!options.networkPolicy.empty()) object["networkPolicy"] = options.networkPolicy;
  if (options.snapshotExpiration != defaults.snapshotExpiration)
    object["snapshotExpirationHours"] = options.snapshotExpiration.count();
  if (options.keepLastSnapshots) object["keepLastSnapshots"] = *options.keepLastSnapshots;
  return object;
}

Result<Options> optionsOf(const SandboxConfig& config) {
  Options options;
  const json::value* value = config.options.if_contains(Options::provider);
  if (value == nullptr) return options;
  if (!value->is_object()) return refuse(Errc::invalidArgument, "options.vercel must be an object");
  for (const auto& [name, member] : value->get_object()) {
    if (auto taken = takeMember(name, member, options); !taken)
      return std::unexpected(std::move(taken).error());
  }
  return options;
}

}  // namespace mooring::vercel
