#pragma once

/// What every test of the suite begins with: `Trial trial;`. It owns the fixture, and at its end destroys
/// what the test made and checks that nothing is left at the provider.

#include "fixture.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::conformance {

using test::failsWith;
using test::ok;

class Trial {
 public:
  Trial();
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  Fixture& fixture() { return *fixture_; }
  SandboxService& service() { return fixture_->service(); }
  [[nodiscard]] SandboxConfig config() const { return fixture_->config(); }

  [[nodiscard]] bool offers(Capability capability) const;

  /// The sandbox of this test, made on first use.
  Sandbox& sandbox();
  Sandbox create(const SandboxConfig& config);
  SandboxRecord record(const Sandbox& sandbox);
  std::vector<SandboxEvent> events(const Sandbox& sandbox);
  bool hasEvent(const Sandbox& sandbox, EventReason reason);
  /// Write transactions of service() so far.
  std::int64_t commits() { return fixture_->store().commits(); }

  /// Runs a POSIX shell script; `args` are $1, $2, … in it. The test fails unless it ends with 0. Its stdout.
  std::string sh(const Sandbox& sandbox,
                 std::string script,
                 std::vector<std::string> args = std::vector<std::string>());
  std::string sh(std::string script, std::vector<std::string> args = std::vector<std::string>()) {
    return sh(sandbox(), std::move(script), std::move(args));
  }
  /// Runs a command; the test fails when that is an error.
  CommandResult run(const Sandbox& sandbox, Command command);
  CommandResult run(Command command) { return run(sandbox(), std::move(command)); }

  /// A file's content, and what stat() says of it. The test fails when that is an error.
  std::string read(const std::string& path);
  FileInfo stat(const std::string& path);

  /// Makes the named pipe that hold() and released() use. A process "holds" it by having it open.
  void makeHold(const std::string& name, const Sandbox* in = nullptr);
  /// Whether every process that held the pipe has ended: it waits for that, and gives up after half a minute.
  bool released(const std::string& name, const Sandbox* in = nullptr);

 private:
  std::unique_ptr<Fixture> fixture_;
  CapabilityTable capabilities_;
  std::optional<Sandbox> sandbox_;
};

/// A command that runs `script` in POSIX sh; `args` are $1, $2, …
Command shell(std::string script, std::vector<std::string> args = std::vector<std::string>());

/// First words of a script whose process, with all its children, holds the pipe `name`.
std::string holding(const std::string& name);

/// A short text that no other test has.
std::string uniqueName(std::string_view prefix);

}  // namespace mooring::conformance
