#include "definition.hpp"

#include "errors.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace mooring::local {

namespace json = boost::json;

namespace {

constexpr std::int64_t schema = 1;

/// Reads members of one object; remembers the first that is missing or of the wrong kind.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  std::string text(std::string_view name) {
    const json::value* value = required(name);
    if (value == nullptr || !value->is_string()) return fail(name), std::string();
    return std::string(value->get_string());
  }
  std::int64_t number(std::string_view name) {
    const json::value* value = required(name);
    if (value == nullptr || !value->is_int64()) return fail(name), 0;
    return value->get_int64();
  }
  std::string optionalText(std::string_view name, std::string fallback) {
    if (object_.if_contains(name) == nullptr) return fallback;
    return text(name);
  }
  std::optional<std::int64_t> optionalNumber(std::string_view name) {
    if (object_.if_contains(name) == nullptr) return std::nullopt;
    return number(name);
  }
  bool flag(std::string_view name) {
    const json::value* value = required(name);
    if (value == nullptr || !value->is_bool()) return fail(name), false;
    return value->get_bool();
  }
  const json::array* array(std::string_view name) {
    const json::value* value = required(name);
    if (value == nullptr || !value->is_array()) return fail(name), nullptr;
    return &value->get_array();
  }
  void fail(std::string_view name) {
    if (wrong_.empty()) wrong_ = name;
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const json::value* required(std::string_view name) { return object_.if_contains(name); }

  const json::object& object_;
  std::string wrong_;
};

std::optional<VolumeMount> parseMount(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  Members members(value.get_object());
  VolumeMount mount;
  mount.name = members.text("name");
  mount.mountPath = members.text("mountPath");
  mount.readOnly = members.flag("readOnly");
  if (!members.wrong().empty()) return std::nullopt;
  return mount;
}

Definition readDefinition(Members& members) {
  Definition definition;
  definition.provisionKey = members.text("provisionKey");
  definition.ownerTag = members.text("ownerTag");
  definition.createdAt = Timestamp(std::chrono::milliseconds(members.number("createdAtMs")));
  const auto isolation = parseEnum<Isolation>(members.text("isolation"));
  if (!isolation) members.fail("isolation");
  definition.isolation = isolation.value_or(Isolation::bubblewrap);
  if (const auto count = members.optionalNumber("maxProcesses"))
    definition.maxProcesses = static_cast<int>(*count);
  definition.home = members.optionalText("home", definition.home);
  definition.user = members.optionalText("user", definition.user);
  definition.networkBlocked = members.flag("networkBlocked");
  definition.ephemeral = members.flag("ephemeral");
  definition.lifetime = std::chrono::milliseconds(members.number("lifetimeMs"));
  definition.idleTimeout = std::chrono::milliseconds(members.number("idleTimeoutMs"));
  if (const auto count = members.optionalNumber("vcpus")) definition.vcpus = static_cast<int>(*count);
  definition.memoryMib = members.optionalNumber("memoryMib");
  if (const json::array* mounts = members.array("volumes")) {
    for (const auto& value : *mounts) {
      auto mount = parseMount(value);
      if (!mount) members.fail("volumes");
      if (mount) definition.volumes.push_back(std::move(*mount));
    }
  }
  return definition;
}

}  // namespace

Result<Definition> defineSandbox(const ProvisionRequest& request, Timestamp now) {
  const auto options = optionsOf(request.config);
  if (!options) return std::unexpected(options.error());
  Definition definition;
  definition.provisionKey = request.provisionKey;
  definition.ownerTag = request.ownerTag;
  definition.createdAt = now;
  definition.isolation = options->isolation;
  definition.maxProcesses = options->maxProcesses;
  definition.home = options->home;
  definition.user = options->user;
  definition.networkBlocked = request.config.network.mode == NetworkMode::blocked;
  definition.ephemeral = request.config.ephemeral;
  definition.lifetime = request.timeout;
  definition.idleTimeout = request.config.idleTimeout;
  definition.vcpus = request.config.resources.vcpus;
  definition.memoryMib = request.config.resources.memoryMib;
  definition.volumes = request.config.volumes;
  return definition;
}

std::string toText(const Definition& definition) {
  json::object object;
  object["schema"] = schema;
  object["provisionKey"] = definition.provisionKey;
  object["ownerTag"] = definition.ownerTag;
  object["createdAtMs"] = definition.createdAt.time_since_epoch().count();
  object["isolation"] = toString(definition.isolation);
  if (definition.maxProcesses) object["maxProcesses"] = *definition.maxProcesses;
  object["home"] = definition.home;
  object["user"] = definition.user;
  object["networkBlocked"] = definition.networkBlocked;
  object["ephemeral"] = definition.ephemeral;
  object["lifetimeMs"] = definition.lifetime.count();
  object["idleTimeoutMs"] = definition.idleTimeout.count();
  if (definition.vcpus) object["vcpus"] = *definition.vcpus;
  if (definition.memoryMib) object["memoryMib"] = *definition.memoryMib;
  json::array mounts;
  for (const auto& volume : definition.volumes) {
    json::object mount;
    mount["name"] = volume.name;
    mount["mountPath"] = volume.mountPath;
    mount["readOnly"] = volume.readOnly;
    mounts.emplace_back(std::move(mount));
  }
  object["volumes"] = std::move(mounts);
  return json::serialize(object) + "\n";
}

Result<Definition> parseDefinition(const std::string& text, const std::filesystem::path& file) {
  const auto corrupted = [&](const std::string& why) {
    return refuse(Errc::corrupted,
                  file.string() + " cannot be read (" + why + "): restore it, or destroy this sandbox");
  };
  boost::system::error_code ec;
  const json::value value = json::parse(text, ec);
  if (ec || !value.is_object()) return corrupted("it is not a JSON object");
  Members members(value.get_object());
  if (members.number("schema") != schema) return corrupted("its schema is not 1");
  Definition definition = readDefinition(members);
  if (!members.wrong().empty()) return corrupted("member \"" + members.wrong() + "\" is missing or wrong");
  return definition;
}

}  // namespace mooring::local
