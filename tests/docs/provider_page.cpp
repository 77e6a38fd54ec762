// provider_page --write|--check <file> <provider>...: docs/providers.md, from what the providers say of
// themselves, in that order.
#include <mooring/mooring.hpp>

#include "emulators.hpp"
#include "support/temp_dir.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>

using namespace mooring;

namespace {

constexpr std::string_view preface = R"(# Providers

<!-- Made by `./dev docs` from what the providers say of themselves. What is changed here by hand is lost. -->

What each provider offers, with the settings that it has when nobody changes them. `mooring providers` says the same for yours,
and a program asks `service.providers()`. Name what you rely on in `SandboxConfig::needs` (`create --needs`).

- **native**: the provider does it.
- **emulated**: mooring does it on top of the provider.
- **–**: unsupported. It is refused before anything is sent.

)";

using Descriptions = std::map<std::string, ProviderDescription>;

CapabilityInfo infoOf(const ProviderDescription& provider, Capability capability) {
  const auto found = provider.capabilities.find(capability);
  return found == provider.capabilities.end() ? CapabilityInfo() : found->second;
}

std::string wordFor(Support support) {
  return support == Support::unsupported ? "–" : std::string(toString(support));
}

/// A cell of a table cannot hold a bar.
std::string cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, 1, '\\');
  return text;
}

std::string pageOf(const Descriptions& all, const std::vector<std::string>& order) {
  std::string page(preface);
  std::string rule = "\n| --- |";
  page += "| |";
  for (const auto& name : order) {
    page += " " + name + " |";
    rule += " --- |";
  }
  page += rule + "\n";
  for (const auto& [capability, text] : detail::EnumText<Capability>::entries) {
    page += "| " + std::string(text) + " |";
    for (const auto& name : order)
      page += " " + wordFor(infoOf(all.at(name), capability).support) + " |";
    page += "\n";
  }
  for (const auto& name : order) {
    page += "\n## " + name + "\n\n[Settings, limits and facts](../providers/" + name + "/README.md)\n\n";
    page += "| | | how, or why not |\n| --- | --- | --- |\n";
    for (const auto& [capability, text] : detail::EnumText<Capability>::entries) {
      const auto info = infoOf(all.at(name), capability);
      page += "| " + std::string(text) + " | " + wordFor(info.support) + " | " + cell(info.note) + " |\n";
    }
  }
  return page;
}

/// Providers of clouds say what they can do once they have a credential: that of their emulator will do.
Result<Descriptions> describeAll() {
  const test::TempDir directory;
  std::map<std::string, std::string, std::less<>> variables;
  variables.emplace("MOORING_LOCAL_DIR", (directory / "local").string());
  std::vector<std::unique_ptr<emulation::Host>> clouds;
  for (const auto& [name, factory] : builtinEmulators()) {
    auto host = emulation::Host::start(factory);
    if (!host) return std::unexpected(std::move(host).error());
    for (const auto& [variable, value] : (*host)->environment())
      variables.emplace(variable, value);
    clouds.push_back(std::move(*host));
  }
  OpenOptions options;
  options.database = directory / "records.db";
  options.parts.settings = Settings(std::move(variables));
  auto service = open(std::move(options));
  if (!service) return std::unexpected(std::move(service).error());
  auto providers = service->providers().get();
  if (!providers) return std::unexpected(std::move(providers).error());
  Descriptions all;
  for (auto& provider : *providers) {
    if (provider.unusable) return std::unexpected(std::move(*provider.unusable));
    auto name = provider.name;
    all.emplace(std::move(name), std::move(provider));
  }
  return all;
}

int fail(const std::string& what) {
  std::cerr << "provider_page: " << what << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 3 || (args[0] != "--write" && args[0] != "--check"))
    return fail("usage: provider_page --write|--check <file> <provider>...");
  const auto& file = args[1];
  const std::vector<std::string> order(args.begin() + 2, args.end());
  const auto all = describeAll();
  if (!all) return fail(describe(all.error()));
  const bool known = std::ranges::all_of(order, [&](const auto& name) { return all->contains(name); });
  if (!known || all->size() != order.size()) return fail("these are not the providers that are built in");
  for (const auto& name : order) {
    for (const auto& [capability, text] : detail::EnumText<Capability>::entries) {
      if (infoOf(all->at(name), capability).note.empty())
        return fail(name + " does not say how, or why not: " + std::string(text));
    }
  }
  const auto page = pageOf(*all, order);
  if (args[0] == "--write") {
    test::writeFile(file, page);
    return 0;
  }
  if (std::filesystem::exists(file) && test::readFile(file) == page) return 0;
  return fail(file + " is not what the providers say of themselves today: run ./dev docs and commit it");
}
