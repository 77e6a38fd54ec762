#include "run/script.hpp"

#include <mooring/detail/base64.hpp>

#include "run/scripts.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <map>

namespace mooring::daytona {

namespace {

/// How many pieces of up to 64 KiB of each stream one answer may hold.
constexpr int piecesAtOnce = 64;

/// What Linux takes (execve(2)): one string with its NUL, and all of them together where the stack is 8 MiB.
constexpr std::size_t longestString = std::size_t{128} * 1024 - 1;
constexpr std::size_t longestStrings = std::size_t{2} * 1024 * 1024 - std::size_t{64} * 1024;

bool isPlain(char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; }

/// Shells give these a meaning or a value of their own, so that exporting them does not do what it should.
constexpr std::array<std::string_view, 17> special = {"BASHOPTS",
                                                      "BASH_ARGV0",
                                                      "BASH_VERSINFO",
                                                      "EPOCHREALTIME",
                                                      "EPOCHSECONDS",
                                                      "EUID",
                                                      "FUNCNAME",
                                                      "GROUPS",
                                                      "IFS",
                                                      "LINENO",
                                                      "OPTIND",
                                                      "PPID",
                                                      "RANDOM",
                                                      "SECONDS",
                                                      "SHELLOPTS",
                                                      "UID",
                                                      "_"};

bool exportable(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name.front())) return false;
  const bool valid = std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  // Names that begin so are the scripts' own.
  return valid && !name.starts_with("m_") && std::ranges::find(special, name) == special.end();
}

/// Makes words of any bytes: what is not printable ASCII goes by way of a variable that printf fills, since
/// JSON carries no such bytes and shells differ in how they read them.
class Words {
 public:
  std::string word(std::string_view bytes) {
    if (std::ranges::all_of(bytes, isPlain)) return quoted(bytes);
    std::string octal;
    octal.reserve(bytes.size() * 4);
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      octal += {'\\',
                static_cast<char>('0' + (byte >> 6U)),
                static_cast<char>('0' + (byte >> 3U & 7U)),
                static_cast<char>('0' + (byte & 7U))};
    }
    const auto name = fmt::format("m_v{}", count_++);
    // The x keeps newlines at the end, which $( ) takes away.
    before_ += fmt::format("{}=$(printf '{}x')\n", name, octal);
    return fmt::format("\"${{{}%x}}\"", name);
  }
  /// What has to stand before the words are used.
  [[nodiscard]] const std::string& before() const { return before_; }

 private:
  std::string before_;
  int count_ = 0;
};

/// The function that becomes the command.
std::string workText(const CommandSpec& command) {
  Words words;
  std::string exports;
  std::string line = "become";
  std::string odd;
  for (const auto& [name, value] : command.env) {
    if (exportable(name)) {
      exports += fmt::format("export {}={}\n", name, words.word(value));
    } else {
      odd += ' ' + words.word(name + "=" + value);
    }
  }
  // For what no shell can export, and for a name that exec would take for an option.
  if (!odd.empty() || command.program.starts_with('-')) line += " env --" + odd;
  line += ' ' + words.word(command.program);
  for (const auto& arg : command.args)
    line += ' ' + words.word(arg);
  return "work() {\n" + words.before() + exports + line + "\n}\n";
}

std::string hereText(const RunId& run, std::string_view bytes) {
  return fmt::format("here() {{\ncat <<'MOORING-INPUT-{0}'\n{1}MOORING-INPUT-{0}\n}}\n",
                     run.key,
                     detail::encodeBase64Lines(bytes));
}

std::string head(const RunId& run, const Position& position, const Patience& patience) {
  return fmt::format("m_b={} m_k={} m_o={} m_e={} m_po={} m_pe={} m_most={} m_soon={} m_long={}\n{}",
                     run.directory,
                     run.key,
                     position.out,
                     position.err,
                     position.outKept,
                     position.errKept,
                     piecesAtOnce,
                     patience.withOutput,
                     patience.beyond,
                     scripts::common);
}

/// The daemon feeds a command to whichever shell the sandbox has, on that shell's standard input. From here
/// on it is sh, with the text on a standard input that no child shares.
std::string inSh(const RunId& run, std::string_view text) {
  return fmt::format("exec sh <<'MOORING-{0}'\n{1}MOORING-{0}\n", run.key, text);
}

/// Relative to where the daemon stands, whatever it begins with.
std::string directoryWord(const std::string& cwd, Words& words) {
  if (cwd.empty() || cwd.starts_with('/')) return words.word(cwd);
  return words.word("./" + cwd);
}

std::string_view name(InputFrom from) {
  switch (from) {
    case InputFrom::nowhere:
      return "none";
    case InputFrom::request:
      return "here";
    case InputFrom::pieces:
      return "stream";
  }
  return "";
}

std::string_view pipes(InputFrom from) {
  switch (from) {
    case InputFrom::nowhere:
      return "";
    case InputFrom::request:
      return "i.p";
    case InputFrom::pieces:
      return "i.p i.a";
  }
  return "";
}

}  // namespace

std::string quoted(std::string_view bytes) {
  std::string out = "'";
  for (const char c : bytes) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

Result<void> checkSize(const CommandSpec& command) {
  std::size_t total = command.program.size();
  for (const auto& arg : command.args) {
    if (arg.size() > longestString - 1) {
      return failure(
          Errc::invalidArgument,
          fmt::format("an argument has {} bytes and Linux takes {} at most; give it by standard input "
                      "or in a file",
                      arg.size(),
                      longestString - 1));
    }
    total += arg.size() + 1 + sizeof(char*);
  }
  for (const auto& [name, value] : command.env) {
    if (name.size() + value.size() + 1 > longestString - 1) {
      return failure(
          Errc::invalidArgument,
          fmt::format("the value of {} has {} bytes and Linux takes less than {}; give it in a file",
                      name,
                      value.size(),
                      longestString));
    }
    total += name.size() + value.size() + 2 + sizeof(char*);
  }
  if (total > longestStrings) {
    return failure(
        Errc::invalidArgument,
        fmt::format("arguments and environment have {} bytes together and Linux takes {} at most; give "
                    "some by standard input or in files",
                    total,
                    longestStrings));
  }
  return {};
}

std::string startText(const Start& start, const CommandSpec& command) {
  const auto& run = start.run;
  Words words;
  const auto cwd = directoryWord(command.cwd, words);
  std::string old;
  for (const auto& key : start.spent)
    old += (old.empty() ? "" : " ") + key;
  std::string keeper = fmt::format("m_b={} m_d=$m_b/{} m_mark={} m_old='{}' m_input={}\n",
                                   run.directory,
                                   run.key,
                                   run.mark,
                                   old,
                                   name(start.inputFrom));
  keeper += workText(command);
  if (start.inputFrom == InputFrom::request) keeper += hereText(run, start.input);
  keeper += scripts::keeper;

  std::string text = head(run, Position(), start.patience);
  text += words.before();
  text += fmt::format("m_cwd={} m_first='{}'\n", cwd, pipes(start.inputFrom));
  // The last command keeps the subshell from becoming setsid itself: it is to be ended by the keeper.
  text += fmt::format(
      "launch() {{\n( setsid sh -s \"$m_u\" <<'MOORING-KEEPER-{0}'\n{1}MOORING-KEEPER-{0}\n: ) 6>&-\n}}\n",
      run.key,
      keeper);
  text += scripts::run;
  return inSh(run, text);
}

std::string nextText(const RunId& run, const Position& position, const Patience& patience) {
  return inSh(run, head(run, position, patience) + std::string(scripts::next));
}

std::string killText(const RunId& run, const Position& position) {
  return inSh(run, head(run, position, Patience()) + std::string(scripts::kill));
}

std::string inputText(const RunId& run, std::uint64_t number, const std::string* bytes, bool last) {
  auto text = head(run, Position(), Patience{.withOutput = 0, .beyond = 20});
  text += fmt::format("m_piece={} m_input={} m_last={}\n", number, bytes ? "here" : "uploaded", last ? 1 : 0);
  if (bytes) text += hereText(run, *bytes);
  text += scripts::input;
  return inSh(run, text);
}

std::string inputPath(const RunId& run, std::uint64_t number) {
  return fmt::format("{}/{}/i.{}", run.directory, run.key, number);
}

std::string forgetText(const RunId& run) { return fmt::format("rm -rf {}/{}\n", run.directory, run.key); }

}  // namespace mooring::daytona
