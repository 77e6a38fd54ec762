// What every command works with: the global options, the service, and the ways to answer.
#pragma once

#include <mooring/mooring.hpp>

#include "interrupts.hpp"
#include "output.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::cli {

struct Globals {
  bool json = false;
  bool verbose = false;
  std::string database = {};
  std::chrono::milliseconds deadline = {};  ///< Zero: none.
};

class Session {
 public:
  Session(Globals globals, std::vector<std::string> tail, Interrupts& interrupts, Output& output);

  [[nodiscard]] const Globals& globals() const { return globals_; }
  [[nodiscard]] bool json() const { return globals_.json; }
  /// What came after "--".
  [[nodiscard]] const std::vector<std::string>& tail() const { return tail_; }
  [[nodiscard]] Interrupts& interrupts() { return interrupts_; }
  [[nodiscard]] Output& output() { return output_; }
  /// Tables and progress bars are for terminals.
  [[nodiscard]] bool showsTables() const { return output_.isTerminal(Stream::out); }

  /// The service on the chosen database, opened when first asked for.
  Result<SandboxService> service();
  /// The same on another database, and with other settings than the environment's unless these are empty.
  Result<SandboxService> openOn(const std::filesystem::path& database, Settings settings = Settings()) const;

  /// Under Ctrl-C and --deadline.
  [[nodiscard]] CallOptions call() const;

  /// One JSON value on a line of its own.
  void printJson(const boost::json::value& value);
  /// `text` and a newline.
  void printLine(std::string_view text);
  /// As it is.
  void print(std::string_view text);
  /// A line on standard error, for people: left out with --json.
  void note(std::string_view text);
  /// writeError(), as --json says.
  void report(const Error& error, int exitCode);

 private:
  Globals globals_;
  std::vector<std::string> tail_;
  Interrupts& interrupts_;
  Output& output_;
  std::optional<SandboxService> service_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
};

/// The one line, or with `json` the one JSON object, by which a failure is known.
void writeError(const Error& error, int exitCode, bool json, Output& output);

}  // namespace mooring::cli
