// The tree of commands, and what stands behind each leaf.
#pragma once

#include "session.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mooring::cli {

/// Does the work of one command; the value is the exit code.
using Action = std::function<Result<int>(Session&)>;

enum class ExitCodes {
  own,           ///< mooring has them all to itself.
  ofTheCommand,  ///< They are those of a command in a sandbox; mooring's own failures are 125.
};

class CommandLine {
 public:
  CommandLine();

  [[nodiscard]] CLI::App& root() { return root_; }

  /// A command that holds others, such as `volume`.
  CLI::App* group(const std::string& name, const std::string& description);

  /// A command, the options that its flags are read into, and the function that gets them.
  template <class Options>
  std::pair<CLI::App*, std::shared_ptr<Options>> leaf(CLI::App& parent,
                                                      const std::string& name,
                                                      const std::string& description,
                                                      Result<int> (*body)(Session&, const Options&),
                                                      ExitCodes codes = ExitCodes::own) {
    auto options = std::make_shared<Options>();
    auto* app = addLeaf(parent, name, description, codes, [options, body](Session& session) {
      return body(session, *options);
    });
    return {app, options};
  }

  /// Says that `app` takes a command after "--".
  void takesTail(CLI::App* app, std::string usage);

  /// Reads the arguments (without the program's name). Nothing: go on with action(); a number: exit with it,
  /// all is said.
  std::optional<int> parse(std::vector<std::string> arguments, Output& output);

  [[nodiscard]] const Action& action() const { return action_; }
  [[nodiscard]] ExitCodes exitCodes() const { return codes_; }
  [[nodiscard]] const Globals& globals() const { return globals_; }
  [[nodiscard]] const std::vector<std::string>& tail() const { return tail_; }

 private:
  CLI::App* addLeaf(CLI::App& parent,
                    const std::string& name,
                    const std::string& description,
                    ExitCodes codes,
                    Action action);
  void addGlobals(CLI::App& app);
  void checkTail() const;
  [[nodiscard]] const CLI::App* innermost() const;
  [[nodiscard]] std::string unknownCommand(const std::vector<std::string>& arguments) const;

  CLI::App root_;
  Globals globals_;
  Action action_;
  ExitCodes codes_ = ExitCodes::own;
  std::vector<std::string> tail_;
  bool tailGiven_ = false;
  const CLI::App* tailTaker_ = nullptr;
};

/// Errors that name the flag. They end in a usage error.
void addDuration(CLI::App& app,
                 const std::string& flag,
                 std::chrono::milliseconds& target,
                 const std::string& help);
/// `flag` may be given several times, each time with one value.
CLI::Option* addList(CLI::App& app,
                     const std::string& flag,
                     std::vector<std::string>& target,
                     const std::string& help,
                     const std::string& type);

// One function for each group of commands; called in the order in which --help lists them.
void addCreateCommand(CommandLine& line);
void addRunCommand(CommandLine& line);
void addStartedCommands(CommandLine& line);
void addFileCommands(CommandLine& line);
void addRecordCommands(CommandLine& line);
void addLifecycleCommands(CommandLine& line);
void addHistoryCommand(CommandLine& line);
void addCheckpointCommands(CommandLine& line);
void addVolumeCommands(CommandLine& line);
void addPreviewCommand(CommandLine& line);
void addForwardCommand(CommandLine& line);
void addProviderCommands(CommandLine& line);
void addEmulateCommand(CommandLine& line);
void addDoctorCommand(CommandLine& line);
void addSmokeCommand(CommandLine& line);
void addRecoverCommand(CommandLine& line);
void addVersionCommand(CommandLine& line);

}  // namespace mooring::cli
