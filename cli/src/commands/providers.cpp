// providers: who can do what.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "table.hpp"
#include "words.hpp"

namespace mooring::cli {
namespace {

struct ProvidersOptions {
  std::string name = {};
};

void tell(Session& session, const ProviderDescription& provider) {
  if (provider.unusable)
    session.note(provider.name + " cannot be used here: " + sentence(*provider.unusable));
  if (provider.unusable && provider.capabilities.empty()) return;
  Table table({"PROVIDER", "CAPABILITY", "SUPPORT", "NOTE"});
  for (const auto& [capability, text] : detail::EnumText<Capability>::entries) {
    const auto known = provider.capabilities.find(capability);
    const auto info = known == provider.capabilities.end() ? CapabilityInfo() : known->second;
    table.add({provider.name, std::string(text), std::string(toString(info.support)), info.note});
  }
  session.print(session.showsTables() ? table.aligned() : table.tabbed());
}

Result<int> providers(Session& session, const ProvidersOptions& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  auto all = service->providers(session.call()).get();
  if (!all) return std::unexpected(std::move(all).error());
  bool found = false;
  std::string known;
  for (const auto& provider : *all) {
    known += (known.empty() ? "" : ", ") + provider.name;
    if (!options.name.empty() && options.name != provider.name) continue;
    found = true;
    if (session.json()) {
      session.printJson(toJson(provider));
    } else {
      tell(session, provider);
    }
  }
  if (found || options.name.empty()) return exit_code::ok;
  return failure(Errc::notFound, "there is no provider \"" + options.name + "\"; known are: " + known);
}

}  // namespace

void addProviderCommands(CommandLine& line) {
  auto [app, options] = line.leaf<ProvidersOptions>(
      line.root(), "providers", "Show what each provider can do", providers);
  app->add_option("NAME", options->name, "Only this one");
  app->footer(
      R"(native: the provider does it. emulated: mooring does it on top. unsupported: it is refused before anything
is sent; ask for what you need with `create --needs`. With --json: one provider a line.)");
}

}  // namespace mooring::cli
