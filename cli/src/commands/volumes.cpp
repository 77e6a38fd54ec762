// volume create|list|rm.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "table.hpp"

namespace mooring::cli {
namespace {

struct VolumeOptions {
  std::string provider = {};
  std::string name = {};
};

Result<Volumes> volumesOf(Session& session, const VolumeOptions& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  return service->volumes(options.provider);
}

Result<int> create(Session& session, const VolumeOptions& options) {
  auto volumes = volumesOf(session, options);
  if (!volumes) return std::unexpected(std::move(volumes).error());
  auto volume = volumes->ensure(options.name, session.call()).get();
  if (!volume) return std::unexpected(std::move(volume).error());
  if (session.json()) {
    session.printJson(toJson(*volume));
  } else {
    session.printLine(volume->name);
  }
  return exit_code::ok;
}

Result<int> list(Session& session, const VolumeOptions& options) {
  auto volumes = volumesOf(session, options);
  if (!volumes) return std::unexpected(std::move(volumes).error());
  auto all = volumes->list(session.call()).get();
  if (!all) return std::unexpected(std::move(all).error());
  if (session.json()) {
    for (const auto& volume : *all)
      session.printJson(toJson(volume));
    return exit_code::ok;
  }
  Table table({"VOLUME", "STATE", "USED BY"});
  for (const auto& volume : *all) {
    std::string users;
    for (const auto& user : volume.usedBy)
      users += (users.empty() ? "" : " ") + user;
    table.add({volume.name, volume.state, users});
  }
  session.print(session.showsTables() ? table.aligned() : table.tabbed());
  return exit_code::ok;
}

Result<int> remove(Session& session, const VolumeOptions& options) {
  auto volumes = volumesOf(session, options);
  if (!volumes) return std::unexpected(std::move(volumes).error());
  auto removed = volumes->remove(options.name, session.call()).get();
  if (!removed) return std::unexpected(std::move(removed).error());
  if (session.json()) session.printJson({{"name", options.name}});
  return exit_code::ok;
}

void add(CommandLine& line,
         CLI::App& group,
         const std::string& name,
         const std::string& description,
         Result<int> (*body)(Session&, const VolumeOptions&)) {
  auto [app, options] = line.leaf<VolumeOptions>(group, name, description, body);
  if (body != list) app->add_option("NAME", options->name, "The volume's name")->required();
  app->add_option("--provider", options->provider, "Whose; else SANDBOX_PROVIDER, else sprites")
      ->type_name("NAME");
}

}  // namespace

void addVolumeCommands(CommandLine& line) {
  auto* group = line.group("volume", "Storage that outlives sandboxes; mount it with `create --volume`");
  add(line, *group, "create", "Make a volume, if there is none of that name", create);
  add(line, *group, "list", "List a provider's volumes", list);
  add(line, *group, "rm", "Remove a volume and what is on it; refused while it is in use", remove);
}

}  // namespace mooring::cli
