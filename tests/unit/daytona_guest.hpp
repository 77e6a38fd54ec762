#pragma once

/// Commands of the Daytona provider over HTTP against real shells.

#include "run.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/shell_guest.hpp"
#include "transport_policies.hpp"

#include <memory>
#include <string>

namespace mooring::test::daytona {

/// What a run shows.
class Seen final : public RunObserver {
 public:
  void onStarted() override { ++starts; }
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    total += bytes.size();
    if (keep) (stream == Stream::out ? out : err) += asText(bytes);
    if (onBytes) onBytes();
  }
  int starts = 0;
  std::uint64_t total = 0;
  bool keep = true;
  std::string out;
  std::string err;
  std::function<void()> onBytes;
};

inline CommandSpec program(std::string name, std::vector<std::string> args = std::vector<std::string>()) {
  CommandSpec spec;
  spec.program = std::move(name);
  spec.args = std::move(args);
  return spec;
}
inline CommandSpec script(std::string text) { return program("sh", {"-c", std::move(text)}); }

struct GuestWorld {
  explicit GuestWorld(ShellGuestOptions options = ShellGuestOptions()) : guest(std::move(options)) {
    account = newAccount();
    instance.id = ExternalSandboxId("box");
    instance.connection["toolboxUrl"] = guest.toolboxUrl();
  }

  [[nodiscard]] mooring::daytona::AccountPtr newAccount() const {
    std::map<std::string, std::string, std::less<>> settings{{"DAYTONA_API_KEY", "dtn_key"},
                                                             {"DAYTONA_API_URL", guest.apiUrl()}};
    mooring::daytona::AccountParts parts;
    parts.pause = std::make_shared<scripted::FakePause>(std::make_shared<FakeClock>());
    auto made = mooring::daytona::makeAccount(contextOn(engine(), Settings(std::move(settings))), parts);
    REQUIRE(ok(made));
    return *made;
  }

  Result<CommandEnd> run(CommandSpec spec, CallOptions call = CallOptions()) {
    seen = std::make_unique<Seen>();
    mooring::daytona::Commands commands(account);
    return test::run(commands.run(instance, std::move(spec), *seen, call), call);
  }
  /// The same; an error fails the test.
  CommandEnd end(CommandSpec spec) {
    auto ended = run(std::move(spec));
    REQUIRE(ok(ended));
    return *ended;
  }

  ShellGuest guest;
  mooring::daytona::AccountPtr account;
  Instance instance;
  std::unique_ptr<Seen> seen;
};

}  // namespace mooring::test::daytona
