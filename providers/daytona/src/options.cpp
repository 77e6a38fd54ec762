#include "options.hpp"

#include <mooring/http/json.hpp>

#include "errors.hpp"

#include <boost/json/array.hpp>

#include <functional>

namespace json = boost::json;

namespace mooring::daytona {

using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

constexpr const char* known =
    "language, snapshot, declarativeImage, envVars, public, ephemeral, autoStopMinutes, autoArchiveMinutes, "
    "autoDeleteMinutes, user, target, subpaths, volumeTimeoutMs";

json::object toJson(const DeclarativeImage& image) {
  json::object object;
  if (!image.base.empty()) object["base"] = image.base;
  if (!image.python.empty()) object["python"] = image.python;
  if (!image.pip.empty()) object["pip"] = json::array(image.pip.begin(), image.pip.end());
  if (!image.workdir.empty()) object["workdir"] = image.workdir;
  return object;
}

json::object toJson(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, value] : texts)
    object[name] = value;
  return object;
}

std::unexpected<Error> wrong(std::string_view name, const std::string& what) {
  return refuse(Errc::invalidArgument, "options.daytona." + std::string(name) + " " + what);
}

/// `value` as a T, with an error that names the member.
template <class T>
Result<void> take(const json::value& value, std::string_view name, T& out, const char* wanted) {
  auto decoded = http::decodeValue<T>(value);
  if (!decoded) return wrong(name, std::string("must be ") + wanted);
  out = std::move(*decoded);
  return {};
}

Result<void> takeMinutes(const json::value& value,
                         std::string_view name,
                         std::int64_t least,
                         std::optional<minutes>& out) {
  std::int64_t count = 0;
  const auto* const wanted = least < 0 ? "a whole number of minutes" : "a whole number of minutes, 0 or more";
  if (auto taken = take(value, name, count, wanted); !taken) return taken;
  constexpr std::int64_t most = std::int64_t{100} * 366 * 24 * 60;
  if (count < least || count > most) return wrong(name, std::string("must be ") + wanted);
  out = minutes(count);
  return {};
}

Result<void> takeImage(const json::value& value, std::optional<DeclarativeImage>& out) {
  const auto* object = value.if_object();
  if (object == nullptr) return wrong("declarativeImage", "must be an object");
  DeclarativeImage image;
  for (const auto& [name, member] : *object) {
    const auto where = "declarativeImage." + std::string(name);
    Result<void> taken;
    if (name == "base") {
      taken = take(member, where, image.base, "a text");
    } else if (name == "python") {
      taken = take(member, where, image.python, "a text like \"3.12\"");
    } else if (name == "pip") {
      taken = take(member, where, image.pip, "an array of texts");
    } else if (name == "workdir") {
      taken = take(member, where, image.workdir, "a text");
    } else {
      return wrong(where, "is unknown; known are: base, python, pip, workdir");
    }
    if (!taken) return taken;
  }
  out = std::move(image);
  return {};
}

Result<void> takeLanguage(const json::value& value, std::optional<Language>& out) {
  const auto language = value.is_string() ? parseEnum<Language>(value.get_string()) : std::nullopt;
  if (!language) return wrong("language", "must be one of: " + enumChoices<Language>());
  out = language;
  return {};
}

Result<void> takeEphemeral(const json::value& value, std::optional<bool>& out) {
  bool on = false;
  if (auto taken = take(value, "ephemeral", on, "true or false"); !taken) return taken;
  out = on;
  return {};
}

Result<void> takeVolumeTimeout(const json::value& value, milliseconds& out) {
  std::int64_t count = 0;
  constexpr std::int64_t most = 3'600'000;
  const auto* const wanted = "a number of milliseconds from 1 to 3600000";
  if (auto taken = take(value, "volumeTimeoutMs", count, wanted); !taken) return taken;
  if (count < 1 || count > most) return wrong("volumeTimeoutMs", std::string("must be ") + wanted);
  out = milliseconds(count);
  return {};
}

Result<void> takeMember(std::string_view name, const json::value& value, Options& out) {
  if (name == "language") return takeLanguage(value, out.language);
  if (name == "snapshot") return take(value, name, out.snapshot, "a text");
  if (name == "declarativeImage") return takeImage(value, out.declarativeImage);
  if (name == "envVars") return take(value, name, out.envVars, "an object of texts");
  if (name == "public") return take(value, name, out.isPublic, "true or false");
  if (name == "ephemeral") return takeEphemeral(value, out.ephemeral);
  if (name == "autoStopMinutes") return takeMinutes(value, name, 0, out.autoStop);
  if (name == "autoArchiveMinutes") return takeMinutes(value, name, 0, out.autoArchive);
  if (name == "autoDeleteMinutes") return takeMinutes(value, name, -1, out.autoDelete);
  if (name == "user") return take(value, name, out.user, "a text");
  if (name == "target") return take(value, name, out.target, "a text");
  if (name == "subpaths") return take(value, name, out.subpaths, "an object of texts");
  if (name == "volumeTimeoutMs") return takeVolumeTimeout(value, out.volumeTimeout);
  return wrong(name, std::string("is unknown; known are: ") + known);
}

}  // namespace

json::object toJson(const Options& options) {
  const Options defaults;
  json::object object;
  if (options.language) object["language"] = toString(*options.language);
  if (!options.snapshot.empty()) object["snapshot"] = options.snapshot;
  if (options.declarativeImage) object["declarativeImage"] = toJson(*options.declarativeImage);
  if (!options.envVars.empty()) object["envVars"] = toJson(options.envVars);
  if (options.isPublic) object["public"] = true;
  if (options.ephemeral) object["ephemeral"] = *options.ephemeral;
  if (options.autoStop) object["autoStopMinutes"] = options.autoStop->count();
  if (options.autoArchive) object["autoArchiveMinutes"] = options.autoArchive->count();
  if (options.autoDelete) object["autoDeleteMinutes"] = options.autoDelete->count();
  if (!options.user.empty()) object["user"] = options.user;
  if (!options.target.empty()) object["target"] = options.target;
  if (!options.subpaths.empty()) object["subpaths"] = toJson(options.subpaths);
  if (options.volumeTimeout != defaults.volumeTimeout)
    object["volumeTimeoutMs"] = options.volumeTimeout.count();
  return object;
}

Result<Options> optionsOf(const SandboxConfig& config) {
  Options options;
  const json::value* value = config.options.if_contains(Options::provider);
  if (value == nullptr) return options;
  if (!value->is_object()) return refuse(Errc::invalidArgument, "options.daytona must be an object");
  for (const auto& [name, member] : value->get_object()) {
    if (auto taken = takeMember(name, member, options); !taken)
      return std::unexpected(std::move(taken).error());
  }
  return options;
}

}  // namespace mooring::daytona
