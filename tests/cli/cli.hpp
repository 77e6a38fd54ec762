#pragma once

/// The real binary as a process, over the local provider in a directory of its own.

#include "support/child.hpp"
#include "support/temp_dir.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::test {

/// How a call of `mooring` ended.
struct Ended {
  int code = -1;
  std::string out = {};
  std::string err = {};

  /// `out` without the newline at its end.
  [[nodiscard]] std::string line() const;
  /// `out` as one JSON value; throws when it is not one.
  [[nodiscard]] boost::json::value json() const;
  /// Each line of `out` as a JSON value.
  [[nodiscard]] std::vector<boost::json::value> jsonLines() const;
};

struct CallSetup {
  std::string input = {};
  std::map<std::string, std::string> env = {};
};

class Cli {
 public:
  Cli();
  /// Destroys what the test has left running.
  ~Cli();
  Cli(const Cli&) = delete;
  Cli& operator=(const Cli&) = delete;

  /// Runs it to its end.
  Ended run(std::vector<std::string> args, const CallSetup& setup = CallSetup()) const;
  /// Starts it with its input and output on pipes; its errors go to a file. The pid is mooring's own.
  Child start(std::vector<std::string> args,
              const std::map<std::string, std::string>& env = std::map<std::string, std::string>()) const;
  /// Runs `script` in bash, where "$@" is mooring with `args`.
  Ended bash(const std::string& script, std::vector<std::string> args) const;

  /// A new sandbox's id. Requires that it works.
  std::string create(std::vector<std::string> flags = std::vector<std::string>()) const;

  [[nodiscard]] const TempDir& dir() const { return dir_; }
  [[nodiscard]] std::string database() const { return (dir_ / "state" / "mooring.db").string(); }

 private:
  [[nodiscard]] std::map<std::string, std::string> environment(
      const std::map<std::string, std::string>& added) const;
  Ended shell(const std::string& script, std::vector<std::string> args, const CallSetup& setup) const;

  TempDir dir_;
  mutable int calls_ = 0;
};

}  // namespace mooring::test
