#include "config_flags.hpp"

#include "assignments.hpp"
#include "command_line.hpp"
#include "stdin_source.hpp"

#include <boost/json/parse.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace json = boost::json;

namespace mooring::cli {
namespace {

std::unexpected<Error> wrong(std::string message) {
  return failure(Errc::invalidArgument, std::move(message));
}

Result<std::string> readText(const std::string& path, const Interrupts& interrupts) {
  if (path == "-") return readStdin(interrupts);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return wrong("--config: cannot read " + path + ": " + std::strerror(errno));
  }
  return text.str();
}

Result<SandboxConfig> readConfig(const std::string& path, const Interrupts& interrupts) {
  auto text = readText(path, interrupts);
  if (!text) return std::unexpected(std::move(text).error());
  json::error_code ec;
  const auto value = json::parse(*text, ec);
  const std::string name = path == "-" ? "standard input" : path;
  if (ec) return wrong("--config: " + name + " is not JSON: " + ec.message());
  auto config = parseConfig(value);
  if (!config) return std::unexpected(withContext(std::move(config).error(), "--config: " + name));
  return config;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

void take(std::string& to, const std::string& given) {
  if (!given.empty()) to = given;
}

void take(std::chrono::milliseconds& to, std::chrono::milliseconds given) {
  if (given.count() > 0) to = given;
}

template <class T>
void take(std::optional<T>& to, const std::optional<T>& given) {
  if (given) to = given;
}

Result<void> takeMap(std::map<std::string, std::string>& to,
                     std::string_view flag,
                     const std::vector<std::string>& entries) {
  auto more = parseAssignments(flag, entries);
  if (!more) return std::unexpected(std::move(more).error());
  for (auto& [key, value] : *more)
    to.insert_or_assign(key, std::move(value));
  return {};
}

/// NAME:PATH or NAME:PATH:ro.
Result<VolumeMount> parseVolume(const std::string& text) {
  VolumeMount mount;
  const auto colon = text.find(':');
  if (colon == std::string::npos)
    return wrong("--volume: \"" + text + "\": write NAME:/PATH or NAME:/PATH:ro");
  mount.name = text.substr(0, colon);
  mount.mountPath = text.substr(colon + 1);
  if (mount.mountPath.ends_with(":ro")) {
    mount.readOnly = true;
    mount.mountPath.resize(mount.mountPath.size() - 3);
  }
  return mount;
}

Result<SetupUpload> parseUpload(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    return wrong("--upload: \"" + text +
                 "\": write HERE:THERE, a path of this machine and one in the sandbox");
  }
  // Read again for every generation, from whatever directory mooring then runs in.
  return SetupUpload{.path = text.substr(colon + 1),
                     .source = std::filesystem::absolute(text.substr(0, colon))};
}

/// PROVIDER.KEY=VALUE; the value is JSON where it can be read as such, else a string.
Result<void> takeOption(json::object& options, const std::string& text) {
  const auto equals = text.find('=');
  const auto dot = text.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 >= equals) {
    return wrong("--option: \"" + text.substr(0, equals) + "\": write PROVIDER.KEY=VALUE");
  }
  auto& provider = options[text.substr(0, dot)];
  if (!provider.is_object()) provider = json::object();
  const auto value = text.substr(equals + 1);
  json::error_code ec;
  auto parsed = json::parse(value, ec);
  provider.as_object()[text.substr(dot + 1, equals - dot - 1)] = ec ? json::value(value) : std::move(parsed);
  return {};
}

Result<void> takeSetup(SandboxConfig& config, const ConfigFlags& flags) {
  std::size_t command = 0;
  std::size_t upload = 0;
  for (const auto kind : flags.setupOrder()) {
    if (kind == ConfigFlags::SetupKind::command) {
      config.setup.emplace_back(
          SetupCommand{.program = "sh", .args = {"-c", flags.setupCommands.at(command++)}});
      continue;
    }
    auto step = parseUpload(flags.setupUploads.at(upload++));
    if (!step) return std::unexpected(std::move(step).error());
    config.setup.emplace_back(std::move(*step));
  }
  return {};
}

Result<void> takeChoices(SandboxConfig& config, const ConfigFlags& flags) {
  if (!flags.network.empty()) {
    auto mode = parseChoice<NetworkMode>("--network", flags.network);
    if (!mode) return std::unexpected(std::move(mode).error());
    config.network.mode = *mode;
  } else if (!flags.allow.empty()) {
    config.network.mode = NetworkMode::allowList;
  }
  append(config.network.allow, flags.allow);
  if (!flags.recreate.empty()) {
    auto policy = parseChoice<RecreatePolicy>("--recreate", flags.recreate);
    if (!policy) return std::unexpected(std::move(policy).error());
    config.recreate = *policy;
  }
  for (const auto& need : flags.needs) {
    auto capability = parseChoice<Capability>("--needs", need);
    if (!capability) return std::unexpected(std::move(capability).error());
    config.needs.push_back(*capability);
  }
  return {};
}

Result<void> takeParams(SandboxConfig& config, const std::string& text) {
  if (text.empty()) return {};
  json::error_code ec;
  auto value = json::parse(text, ec);
  if (ec || !value.is_object()) return wrong("--params: write a JSON object, as in --params '{\"job\": 7}'");
  for (const auto& [key, member] : value.as_object())
    config.params[key] = member;
  return {};
}

}  // namespace

void addConfigFlags(CLI::App& app, const std::shared_ptr<ConfigFlags>& flags) {
  using Kind = ConfigFlags::SetupKind;
  app.add_option("--config", flags->file, "Read a configuration in JSON; - is standard input")
      ->type_name("FILE");
  app.add_option("--provider", flags->provider, "Where; else SANDBOX_PROVIDER, else sprites")
      ->type_name("NAME");
  app.add_option("--runtime", flags->runtime, "For example python3.12")->type_name("NAME");
  app.add_option("--image", flags->image, "The image to start from")->type_name("NAME");
  addDuration(app, "--timeout", flags->timeout, "Its lifetime");
  addDuration(app, "--idle-timeout", flags->idleTimeout, "It goes to sleep after this long without use");
  app.add_option("--port", flags->ports, "A port to be reachable from outside (may be repeated)")
      ->allow_extra_args(false)
      ->type_name("PORT");
  app.add_option("--vcpus", flags->vcpus, "Processors")->type_name("N");
  app.add_option("--memory", flags->memoryMib, "Memory in MiB")->type_name("MIB");
  app.add_option("--disk", flags->diskGib, "Disk in GiB")->type_name("GIB");
  addList(
      app, "--env", flags->env, "A variable for every command; kept in the record: no secrets", "NAME=VALUE");
  addList(app,
          "--secret-env",
          flags->secretEnv,
          "The name of a secret variable; its value is taken from our environment",
          "NAME");
  addList(app, "--label", flags->labels, "A label at the provider", "KEY=VALUE");
  addList(app, "--volume", flags->volumes, "Storage that outlives it, made when missing", "NAME:PATH[:ro]");
  app.add_option("--network", flags->network, "open, blocked or allowList")->type_name("MODE");
  addList(app, "--allow", flags->allow, "A domain or CIDR block for allowList", "HOST");
  app.add_flag("--ephemeral", flags->ephemeral, "stop destroys it: nothing is kept for resume");
  app.add_option("--purpose", flags->purpose, "Your own word for it; list can filter by it")
      ->type_name("TEXT");
  app.add_option("--params", flags->params, "Your own facts about it")->type_name("JSON");
  auto* command = addList(
      app, "--setup", flags->setupCommands, "A shell line to run on every new generation", "LINE");
  auto* upload = addList(
      app, "--upload", flags->setupUploads, "A file or tree to upload on every new generation", "HERE:THERE");
  flags->setupOrder = [&app, command, upload] {
    std::vector<Kind> out;
    for (const auto* option : app.parse_order()) {
      if (option == command) out.push_back(Kind::command);
      if (option == upload) out.push_back(Kind::upload);
    }
    return out;
  };
  app.add_option(
         "--recreate", flags->recreate, "When it is gone: never, onDemand (default) or always make another")
      ->type_name("POLICY");
  addList(app,
          "--needs",
          flags->needs,
          "Refuse at once when the provider cannot do this; see `providers`",
          "CAPABILITY");
  addList(app, "--option", flags->options, "A provider's own option", "PROVIDER.KEY=VALUE");
}

Result<SandboxConfig> configOf(const ConfigFlags& flags, const Interrupts& interrupts) {
  SandboxConfig config;
  if (!flags.file.empty()) {
    auto read = readConfig(flags.file, interrupts);
    if (!read) return read;
    config = std::move(*read);
  }
  take(config.provider, flags.provider);
  take(config.runtime, flags.runtime);
  take(config.image, flags.image);
  take(config.purpose, flags.purpose);
  take(config.timeout, flags.timeout);
  take(config.idleTimeout, flags.idleTimeout);
  append(config.ports, flags.ports);
  take(config.resources.vcpus, flags.vcpus);
  take(config.resources.memoryMib, flags.memoryMib);
  take(config.resources.diskGib, flags.diskGib);
  append(config.secretEnv, flags.secretEnv);
  config.ephemeral = config.ephemeral || flags.ephemeral;
  for (const auto& text : flags.volumes) {
    auto mount = parseVolume(text);
    if (!mount) return std::unexpected(std::move(mount).error());
    config.volumes.push_back(std::move(*mount));
  }
  if (auto taken = takeMap(config.env, "--env", flags.env); !taken) return std::unexpected(taken.error());
  if (auto taken = takeMap(config.labels, "--label", flags.labels); !taken)
    return std::unexpected(taken.error());
  if (auto taken = takeChoices(config, flags); !taken) return std::unexpected(taken.error());
  if (auto taken = takeParams(config, flags.params); !taken) return std::unexpected(taken.error());
  if (auto taken = takeSetup(config, flags); !taken) return std::unexpected(taken.error());
  for (const auto& text : flags.options) {
    if (auto taken = takeOption(config.options, text); !taken) return std::unexpected(taken.error());
  }
  return config;
}

}  // namespace mooring::cli
