#include "command_line.hpp"

#include "exit_codes.hpp"
#include "words.hpp"

#include <algorithm>
#include <map>

namespace mooring::cli {
namespace {

/// CLI11's form, with the command after "--" in the usage and no "REQUIRED" behind what the usage shows as
/// required.
class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(34);
    label("Positionals", "Arguments");
    label("SUBCOMMAND", "COMMAND");
  }

  std::map<const CLI::App*, std::string> tails;

  std::string make_usage(const CLI::App* app, std::string name) const override {
    auto usage = CLI::Formatter::make_usage(app, std::move(name));
    const auto tail = tails.find(app);
    if (tail == tails.end()) return usage;
    usage.erase(usage.find_last_not_of('\n') + 1);
    return usage + " " + tail->second + "\n";
  }

  /// Without the empty lines that pile up between groups.
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    auto help = CLI::Formatter::make_help(app, std::move(name), mode);
    for (auto at = help.find("\n\n\n"); at != std::string::npos; at = help.find("\n\n\n", at))
      help.erase(at, 1);
    return help;
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_positional() || option->get_type_size() == 0) return {};
    return " " + option->get_type_name();
  }
};

constexpr std::string_view rootHelp = R"(
A sandbox is named by the sandboxId that `create` prints. The id stays the same whatever becomes of
the machine behind it.

  id=$(mooring create --provider local --purpose demo)
  mooring run $id -- python3 -c 'print(6 * 7)'
  mooring cp ./data $id:data
  mooring destroy $id

`mooring COMMAND --help` tells more. Durations are written 250ms, 30s, 5m, 2h, 1d or 1h30m.
With --json every answer is JSON (one value; lists one value a line), and errors are too, on stderr.

Environment:
  SANDBOX_PROVIDER   the provider of new sandboxes when neither flag nor file names one
  MOORING_DATABASE   the database when --database does not name one

)";

bool wantsJson(const std::vector<std::string>& arguments) {
  return std::ranges::find(arguments, "--json") != arguments.end();
}

}  // namespace

CommandLine::CommandLine() : root_("Durable handles on sandboxes you do not own.", "mooring") {
  root_.formatter(std::make_shared<HelpFormatter>());
  root_.require_subcommand(1);
  root_.footer(std::string(rootHelp.substr(1)) + std::string(exitCodesHelp()));
  root_.set_version_flag(
      "--version", std::string("mooring ") + MOORING_VERSION, "Print the version and leave");
  addGlobals(root_);
}

CLI::App* CommandLine::group(const std::string& name, const std::string& description) {
  auto* app = root_.add_subcommand(name, description);
  app->group("Commands");
  app->require_subcommand(1);
  app->footer("");
  return app;
}

void CommandLine::addGlobals(CLI::App& app) {
  const std::string group = "Everywhere";
  app.add_flag("--json", globals_.json, "Answer in JSON")->group(group);
  app.add_option("--database", globals_.database, "The SQLite file that holds the records")
      ->type_name("PATH")
      ->group(group);
  app.add_flag("--verbose", globals_.verbose, "Tell on stderr what is going on")->group(group);
  addDuration(app, "--deadline", globals_.deadline, "Give up after this time (exit code 124)");
  app.get_option("--deadline")->group(group);
}

CLI::App* CommandLine::addLeaf(CLI::App& parent,
                               const std::string& name,
                               const std::string& description,
                               ExitCodes codes,
                               Action action) {
  auto* app = parent.add_subcommand(name, description);
  app->group("Commands");
  app->footer("");
  addGlobals(*app);
  // Set before the flags are read, so that a bad one of `run` is known to be one of `run`.
  app->preparse_callback([this, codes, action = std::move(action)](std::size_t) {
    action_ = action;
    codes_ = codes;
  });
  return app;
}

void CommandLine::takesTail(CLI::App* app, std::string usage) {
  tailTaker_ = app;
  std::static_pointer_cast<HelpFormatter>(root_.get_formatter())->tails[app] = std::move(usage);
}

const CLI::App* CommandLine::innermost() const {
  const auto* app = &root_;
  while (!app->get_subcommands().empty())
    app = app->get_subcommands().front();
  return app;
}

std::string CommandLine::unknownCommand(const std::vector<std::string>& arguments) const {
  const auto* app = innermost();
  const auto takesValue = [](const std::string& text) {
    return text == "--database" || text == "--deadline";
  };
  const auto parents = app == &root_ ? std::size_t{0} : std::size_t{1};
  std::size_t seen = 0;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    if (takesValue(arguments[at]))
      ++at;
    else if (!arguments[at].starts_with('-') && seen++ == parents)
      return arguments[at];
  }
  return {};
}

void CommandLine::checkTail() const {
  const auto* app = innermost();
  if (app == tailTaker_) {
    if (tail_.empty())
      throw CLI::ValidationError("name the command after `--`, as in: mooring run ID -- ls -l");
    return;
  }
  if (tailGiven_) throw CLI::ValidationError("only `mooring run` takes a command after `--`");
}

std::optional<int> CommandLine::parse(std::vector<std::string> arguments, Output& output) {
  // What follows "--" is somebody else's command line: CLI11 never sees it.
  if (const auto mark = std::ranges::find(arguments, "--"); mark != arguments.end()) {
    tailGiven_ = true;
    tail_.assign(mark + 1, arguments.end());
    arguments.erase(mark, arguments.end());
  }
  const auto given = arguments;
  try {
    std::ranges::reverse(arguments);
    root_.parse(std::move(arguments));
    checkTail();
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    output.write(Stream::out, root_.help());
    return exit_code::ok;
  } catch (const CLI::CallForVersion& version) {
    output.write(Stream::out, std::string(version.what()) + "\n");
    return exit_code::ok;
  } catch (const CLI::ParseError& error) {
    std::string why = error.what();
    const auto* app = innermost();
    std::string path = "mooring";
    if (app != &root_) {
      path += app->get_parent() == &root_ ? "" : " " + app->get_parent()->get_name();
      path += " " + app->get_name();
    }
    if (app->get_require_subcommand_min() > 0) {
      const auto unknown = unknownCommand(given);
      why = unknown.empty() ? "say what to do" : "there is no command \"" + unknown + "\"";
    } else if (app == tailTaker_ && !tailGiven_ && dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      why = "put `--` before the command, as in: mooring run ID -- ls -l (" + why + ")";
    }
    const auto wrong = makeError(Errc::invalidArgument, why + "; see `" + path + " --help`");
    const int code = codes_ == ExitCodes::own ? exit_code::usage : exit_code::mooringFailed;
    writeError(wrong, code, wantsJson(given), output);
    return code;
  }
}

void addDuration(CLI::App& app,
                 const std::string& flag,
                 std::chrono::milliseconds& target,
                 const std::string& help) {
  const auto read = [flag, &target](const std::string& text) {
    const auto duration = parseDuration(text);
    if (!duration) {
      throw CLI::ValidationError(flag + ": \"" + text +
                                 "\" is not a duration: write 250ms, 30s, 5m, 2h or 1h30m");
    }
    target = *duration;
  };
  app.add_option_function<std::string>(flag, read, help)->type_name("DURATION");
}

CLI::Option* addList(CLI::App& app,
                     const std::string& flag,
                     std::vector<std::string>& target,
                     const std::string& help,
                     const std::string& type) {
  return app.add_option(flag, target, help + " (may be repeated)")->allow_extra_args(false)->type_name(type);
}

}  // namespace mooring::cli
