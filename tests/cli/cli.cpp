#include "cli.hpp"

#include "support/catch.hpp"

#include <boost/json/parse.hpp>

#include <sstream>

namespace mooring::test {

std::string Ended::line() const { return out.ends_with('\n') ? out.substr(0, out.size() - 1) : out; }

boost::json::value Ended::json() const { return boost::json::parse(out); }

std::vector<boost::json::value> Ended::jsonLines() const {
  std::vector<boost::json::value> values;
  std::istringstream lines(out);
  for (std::string text; std::getline(lines, text);)
    values.push_back(boost::json::parse(text));
  return values;
}

Cli::Cli() = default;

Cli::~Cli() {
  try {
    const auto all = run({"list", "--all"});
    std::istringstream lines(all.out);
    for (std::string text; std::getline(lines, text);)
      run({"destroy", text.substr(0, text.find('\t'))});
  } catch (const std::exception& e) {
    WARN("clean-up failed: " << e.what());
  }
}

std::map<std::string, std::string> Cli::environment(const std::map<std::string, std::string>& added) const {
  std::map<std::string, std::string> env = added;
  env.emplace("MOORING_LOCAL_DIR", (dir_ / "local").string());
  env.emplace("SANDBOX_PROVIDER", "local");
  env.emplace("MOORING_DATABASE", database());
  return env;
}

Ended Cli::shell(const std::string& script, std::vector<std::string> args, const CallSetup& setup) const {
  const auto files = dir_ / ("call" + std::to_string(++calls_));
  writeFile(files / "in", setup.input);
  auto env = environment(setup.env);
  env.emplace("CALL", files.string());
  std::vector<std::string> all{"-c", script, "bash", MOORING_CLI};
  all.insert(all.end(), args.begin(), args.end());
  Child child("/bin/bash", {.args = std::move(all), .env = std::move(env)});
  child.closeInput();
  Ended ended;
  ended.code = child.wait();
  ended.out = readFile(files / "out");
  ended.err = readFile(files / "err");
  return ended;
}

Ended Cli::run(std::vector<std::string> args, const CallSetup& setup) const {
  return shell(R"(exec "$@" <"$CALL/in" >"$CALL/out" 2>"$CALL/err")", std::move(args), setup);
}

Ended Cli::bash(const std::string& script, std::vector<std::string> args) const {
  return shell("exec >\"$CALL/out\" 2>\"$CALL/err\"\n" + script, std::move(args), CallSetup());
}

Child Cli::start(std::vector<std::string> args, const std::map<std::string, std::string>& added) const {
  auto env = environment(added);
  env.emplace("ERRORS", (dir_ / "errors").string());
  std::vector<std::string> all{"-c", R"(exec "$@" 2>>"$ERRORS")", "bash", MOORING_CLI};
  all.insert(all.end(), args.begin(), args.end());
  return Child("/bin/bash", {.args = std::move(all), .env = std::move(env)});
}

std::string Cli::create(std::vector<std::string> flags) const {
  flags.insert(flags.begin(), "create");
  const auto made = run(std::move(flags));
  INFO(made.err);
  REQUIRE(made.code == 0);
  REQUIRE(made.line().size() == 36);
  return made.line();
}

}  // namespace mooring::test
