#include <mooring/config.hpp>
#include <mooring/detail/json_text.hpp>

#include "json_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <new>

namespace json = boost::json;

namespace mooring {
namespace {

constexpr int schema = 1;

json::array toArray(const std::vector<std::string>& items) {
  json::array out;
  for (const auto& item : items)
    out.push_back(detail::bytesToJson(item));
  return out;
}

json::object toObject(const std::map<std::string, std::string>& items) {
  json::object out;
  for (const auto& [key, value] : items)
    out[key] = detail::bytesToJson(value);
  return out;
}

/// Adds what differs from the default; a config in a row or a file shows what was asked for, and no more.
class Writer {
 public:
  void add(std::string_view key, const std::string& value) {
    if (!value.empty()) out_[key] = detail::bytesToJson(value);
  }
  void add(std::string_view key, std::chrono::milliseconds value) {
    if (value.count() != 0) out_[key] = value.count();
  }
  void add(std::string_view key, bool value) {
    if (value) out_[key] = true;
  }
  void add(std::string_view key, const std::vector<std::string>& value) {
    if (!value.empty()) out_[key] = toArray(value);
  }
  void add(std::string_view key, const std::map<std::string, std::string>& value) {
    if (!value.empty()) out_[key] = toObject(value);
  }
  void add(std::string_view key, json::object value) {
    if (!value.empty()) out_[key] = std::move(value);
  }
  void add(std::string_view key, json::array value) {
    if (!value.empty()) out_[key] = std::move(value);
  }
  template <class T>
  void add(std::string_view key, const std::optional<T>& value) {
    if (value) out_[key] = *value;
  }
  template <detail::NamedEnum E>
  void add(std::string_view key, E value, E usual) {
    if (value != usual) out_[key] = toString(value);
  }
  void set(std::string_view key, json::value value) { out_[key] = std::move(value); }
  json::object finish() { return std::move(out_); }

 private:
  json::object out_;
};

std::string octal(int mode) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), mode, 8).ptr;
  return "0" + std::string(digits.data(), end);
}

json::object writeStep(const SetupCommand& step) {
  Writer writer;
  writer.set("program", detail::bytesToJson(step.program));
  writer.add("args", step.args);
  writer.add("cwd", step.cwd);
  writer.add("env", step.env);
  writer.add("timeoutMs", step.timeout);
  return json::object{{"run", writer.finish()}};
}

json::object writeStep(const SetupUpload& step) {
  Writer writer;
  writer.set("path", detail::bytesToJson(step.path));
  if (step.content) writer.set("content", detail::bytesToJson(*step.content));
  writer.add("source", step.source.string());
  if (step.mode) writer.set("mode", json::string(octal(*step.mode)));
  return json::object{{"upload", writer.finish()}};
}

json::array writeSetup(const std::vector<SetupStep>& setup) {
  json::array out;
  for (const auto& step : setup) {
    out.push_back(std::visit([](const auto& one) { return writeStep(one); }, step));
  }
  return out;
}

json::array writeVolumes(const std::vector<VolumeMount>& volumes) {
  json::array out;
  for (const auto& volume : volumes) {
    Writer writer;
    writer.set("name", detail::bytesToJson(volume.name));
    writer.set("mountPath", detail::bytesToJson(volume.mountPath));
    writer.add("readOnly", volume.readOnly);
    out.push_back(writer.finish());
  }
  return out;
}

SetupStep readStep(detail::JsonReader& outer, const std::string& where) {
  const bool command = outer.has("run");
  if (command == outer.has("upload")) outer.refuse(where, "must have either \"run\" or \"upload\"");
  SetupCommand run;
  SetupUpload upload;
  outer.object("run", [&run](detail::JsonReader& reader) {
    reader.bytes("program", run.program);
    reader.bytes("args", run.args);
    reader.bytes("cwd", run.cwd);
    reader.bytes("env", run.env);
    reader.read("timeoutMs", run.timeout);
  });
  outer.object("upload", [&upload](detail::JsonReader& reader) {
    std::string source;
    reader.bytes("path", upload.path);
    reader.bytes("content", upload.content);
    reader.bytes("source", source);
    reader.mode("mode", upload.mode);
    upload.source = source;
  });
  if (command) return run;
  return upload;
}

void readVolumes(detail::JsonReader& reader, std::vector<VolumeMount>& volumes) {
  reader.each("volumes", [&](const json::value& value, const std::string& where) {
    detail::JsonReader item(value, where);
    VolumeMount volume;
    item.text("name", volume.name);
    item.bytes("mountPath", volume.mountPath);
    item.read("readOnly", volume.readOnly);
    reader.absorb(item.finish());
    volumes.push_back(std::move(volume));
  });
}

void readSetup(detail::JsonReader& reader, std::vector<SetupStep>& setup) {
  reader.each("setup", [&](const json::value& value, const std::string& where) {
    detail::JsonReader item(value, where);
    setup.push_back(readStep(item, where));
    reader.absorb(item.finish());
  });
}

void readParts(detail::JsonReader& reader, SandboxConfig& config) {
  reader.object("resources", [&config](detail::JsonReader& nested) {
    nested.read("vcpus", config.resources.vcpus, detail::amount);
    nested.read("memoryMib", config.resources.memoryMib, detail::amount);
    nested.read("diskGib", config.resources.diskGib, detail::amount);
  });
  reader.object("network", [&config](detail::JsonReader& nested) {
    nested.read("mode", config.network.mode);
    nested.text("allow", config.network.allow);
  });
  readVolumes(reader, config.volumes);
  readSetup(reader, config.setup);
}

/// Options belong to a provider; those of another one than the chosen would silently have no effect.
void checkOptions(detail::JsonReader& reader, const SandboxConfig& config) {
  for (const auto& member : config.options) {
    const auto where = "options." + std::string(member.key());
    if (!config.provider.empty() && member.key() != config.provider) {
      reader.refuse(
          where, "does not belong to provider " + config.provider + ": remove it, or choose that provider");
    }
    if (!member.value().is_object()) reader.refuse(where, "must be an object");
  }
}

/// The same value with every object's keys in order.
json::value canonical(const json::value& value) {
  if (const auto* array = value.if_array()) {
    json::array out;
    for (const auto& item : *array)
      out.push_back(canonical(item));
    return out;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  std::map<std::string_view, const json::value*> sorted;
  for (const auto& member : *object)
    sorted.emplace(member.key(), &member.value());
  json::object out;
  for (const auto& [key, member] : sorted)
    out.emplace(key, canonical(*member));
  return out;
}

}  // namespace

json::object toJson(const SandboxConfig& config) {
  Writer resources;
  resources.add("vcpus", config.resources.vcpus);
  resources.add("memoryMib", config.resources.memoryMib);
  resources.add("diskGib", config.resources.diskGib);
  Writer network;
  network.add("mode", config.network.mode, NetworkMode::open);
  network.add("allow", config.network.allow);
  json::array ports(config.ports.begin(), config.ports.end());
  json::array needs;
  for (const auto need : config.needs)
    needs.push_back(json::string(toString(need)));

  Writer writer;
  writer.set("schema", schema);
  writer.add("provider", config.provider);
  writer.add("runtime", config.runtime);
  writer.add("image", config.image);
  writer.add("timeoutMs", config.timeout);
  writer.add("idleTimeoutMs", config.idleTimeout);
  writer.add("ports", std::move(ports));
  writer.add("resources", resources.finish());
  writer.add("env", config.env);
  writer.add("secretEnv", config.secretEnv);
  writer.add("labels", config.labels);
  writer.add("volumes", writeVolumes(config.volumes));
  writer.add("network", network.finish());
  writer.add("ephemeral", config.ephemeral);
  writer.add("purpose", config.purpose);
  writer.add("params", config.params);
  writer.add("setup", writeSetup(config.setup));
  writer.add("recreate", config.recreate, RecreatePolicy::onDemand);
  writer.add("needs", std::move(needs));
  writer.add("options", config.options);
  return writer.finish();
}

Result<SandboxConfig> parseConfig(const json::value& value) {
  SandboxConfig config;
  detail::JsonReader reader(value, "");
  std::optional<int> version;
  reader.read("schema", version, detail::amount);
  if (version.value_or(schema) != schema) {
    return failure(Errc::invalidArgument,
                   "schema " + std::to_string(*version) +
                       " of a config is not known to this mooring, which knows schema " +
                       std::to_string(schema) + ": use a newer one");
  }
  reader.text("provider", config.provider);
  reader.text("runtime", config.runtime);
  reader.text("image", config.image);
  reader.read("timeoutMs", config.timeout);
  reader.read("idleTimeoutMs", config.idleTimeout);
  reader.read("ports", config.ports, detail::port);
  reader.bytes("env", config.env);
  reader.text("secretEnv", config.secretEnv);
  reader.text("labels", config.labels);
  reader.read("ephemeral", config.ephemeral);
  reader.text("purpose", config.purpose);
  reader.read("params", config.params);
  reader.read("recreate", config.recreate);
  reader.read("needs", config.needs);
  reader.read("options", config.options);
  readParts(reader, config);
  checkOptions(reader, config);
  if (auto finished = reader.finish(); !finished) return std::unexpected(std::move(finished).error());
  return config;
}

std::string configHash(const SandboxConfig& config) {
  const auto text = json::serialize(canonical(toJson(config)));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // It fails for want of memory alone.
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
  std::string hex;
  constexpr std::string_view digits = "0123456789abcdef";
  for (unsigned int i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4U];
    hex += digits[digest[i] & 15U];
  }
  return hex;
}

}  // namespace mooring
