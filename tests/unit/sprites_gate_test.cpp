// The gate, run by real shells of this machine.
#include "exec/gate.hpp"
#include "exec/output.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mooring;
using test::failsWith;
using test::ok;

namespace {

const std::string nonce = "nonce";

struct Ran {
  std::string out = {};  ///< The command's own.
  std::string err = {};
  std::optional<std::string> word = {};
  std::optional<sprites::GateEnd> end = {};
  int exitCode = -1;
};

/// `input` is all that the gate gets, by way of files: a shell that reads ahead would show. In directory
/// `home`.
Ran feed(const std::vector<std::string>& shell, const std::filesystem::path& home, const std::string& input) {
  const auto in = home / ".in";
  const auto out = home / ".out";
  const auto err = home / ".err";
  test::writeFile(in, input);
  std::vector<std::string> words = shell;
  words.emplace_back("-c");
  words.emplace_back(sprites::gateScript());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    const auto open = [](const std::filesystem::path& path, int flags, int as) {
      const int fd = ::open(path.c_str(), flags, 0600);
      if (fd < 0 || ::dup2(fd, as) < 0) ::_exit(99);
    };
    open(in, O_RDONLY, 0);
    open(out, O_WRONLY | O_CREAT | O_TRUNC, 1);
    open(err, O_WRONLY | O_CREAT | O_TRUNC, 2);
    if (::chdir(home.c_str()) != 0) ::_exit(99);
    ::execvp(argv[0], argv.data());
    ::_exit(98);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  Ran ran;
  ran.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  sprites::GateOutput output("mooring-" + nonce);
  ran.out = output.push(Stream::out, test::readFile(out));
  ran.err = output.push(Stream::err, test::readFile(err));
  ran.word = output.word();
  ran.end = output.end();
  return ran;
}

std::vector<std::vector<std::string>> shells() {
  std::vector<std::vector<std::string>> all;
  for (const char* path : {"/bin/dash", "/bin/bash"}) {
    if (std::filesystem::exists(path)) all.push_back({path});
  }
  if (std::filesystem::exists("/bin/busybox")) all.push_back({"/bin/busybox", "sh"});
  return all;
}

CommandSpec printing(std::vector<std::string> args) {
  CommandSpec command;
  command.program = "printf";
  command.args = std::move(args);
  return command;
}

std::string through(const CommandSpec& command, const std::string& input = std::string()) {
  const auto gated = sprites::gate(command, nonce);
  REQUIRE(ok(gated));
  return gated->header + std::string(sprites::go) + input;
}

}  // namespace

TEST_CASE("sprites/gate: arguments, environment, directory and input arrive byte for byte",
          "[unit][sprites]") {
  std::string everything;
  for (int i = 1; i < 256; ++i)
    everything += static_cast<char>(i);
  for (const auto& shell : shells()) {
    INFO(shell.front());
    const test::TempDir home;
    std::filesystem::create_directories(home / "a b");
    auto command = printing({"[%s]", "", "it's", "$HOME `id` \\ \\n", "two\nlines\n", everything});
    auto ran = feed(shell, home.path(), through(command));
    CHECK((ran.out == "[][it's][$HOME `id` \\ \\n][two\nlines\n][" + everything + "]"));
    CHECK(ran.word == "started");
    REQUIRE(ran.end);
    CHECK(ran.end->exitCode == 0);

    CommandSpec sh;
    sh.program = "sh";
    sh.args = {"-c", R"(printf '%s|%s|' "$ODD" "$m_child"; pwd; cat; echo problem >&2; exit 7)"};
    sh.env = {{"ODD", everything}};
    sh.cwd = "a b";
    ran = feed(shell, home.path(), through(sh, "input\nof two lines"));
    const auto inside = std::filesystem::canonical(home / "a b").string();
    CHECK((ran.out == everything + "||" + inside + "\ninput\nof two lines"));
    CHECK(ran.err == "problem\n");
    REQUIRE(ran.end);
    CHECK(ran.end->exitCode == 7);
    CHECK_FALSE(ran.end->killed);
    CHECK(ran.exitCode == 7);
  }
}

TEST_CASE("sprites/gate: nothing runs before the word, nor without it", "[unit][sprites]") {
  const auto command = printing({"ran"});
  const auto header = sprites::gate(command, nonce)->header;
  for (const auto& shell : shells()) {
    INFO(shell.front());
    const test::TempDir home;
    for (const auto length : {std::size_t{0}, std::size_t{5}, header.size() / 2, header.size()}) {
      const auto ran = feed(shell, home.path(), header.substr(0, length));
      CHECK(ran.exitCode == 125);
      CHECK(ran.out.empty());
      CHECK_FALSE(ran.word);
    }
  }
}

TEST_CASE("sprites/gate: says why it does not begin", "[unit][sprites]") {
  for (const auto& shell : shells()) {
    INFO(shell.front());
    const test::TempDir home;
    auto command = printing({"ran"});
    command.cwd = "no/such";
    auto ran = feed(shell, home.path(), through(command));
    CHECK(ran.word == "nowhere");
    CHECK(ran.out.empty());

    test::writeFile(home / std::string(sprites::restFile), "");
    command.cwd.clear();
    ran = feed(shell, home.path(), through(command));
    CHECK(ran.word == "stopped");
    CHECK(ran.out.empty());
    const auto allowed = sprites::gate(command, nonce, sprites::AtRest::allowed);
    ran = feed(shell, home.path(), allowed->header + std::string(sprites::go));
    CHECK(ran.out == "ran");
  }
}

TEST_CASE("sprites/gate: a command's PATH is the command's alone", "[unit][sprites]") {
  for (const auto& shell : shells()) {
    INFO(shell.front());
    const test::TempDir home;
    CommandSpec command;
    command.program = "/bin/sh";
    command.args = {"-c", "echo \"$PATH\""};
    command.env = {{"PATH", "/nowhere"}};
    const auto ran = feed(shell, home.path(), through(command));
    CHECK(ran.out == "/nowhere\n");
    REQUIRE(ran.end);
    CHECK(ran.end->exitCode == 0);
  }
}

TEST_CASE("sprites/gate: has ended when the command has, whoever holds its output", "[unit][sprites]") {
  for (const auto& shell : shells()) {
    INFO(shell.front());
    const test::TempDir home;
    CommandSpec command;
    command.program = "sh";
    command.args = {"-c", "(while [ -e .hold ]; do sleep 0.1; done; echo late) & echo done; exit 6"};
    test::writeFile(home / ".hold", "");
    const auto ran = feed(shell, home.path(), through(command));
    std::filesystem::remove(home / ".hold");
    CHECK(ran.out == "done\n");
    REQUIRE(ran.end);
    CHECK(ran.end->exitCode == 6);
  }
}

TEST_CASE("sprites/gate: what no shell can set is refused", "[unit][sprites]") {
  auto command = printing({});
  command.env = {{"a.b", "secret"}};
  const auto gated = sprites::gate(command, nonce);
  CHECK(failsWith(gated, Errc::invalidArgument, "a.b"));
  CHECK(describe(gated.error()).find("secret") == std::string::npos);
}

TEST_CASE("sprites/gate: nothing of a command is in the URL", "[unit][sprites]") {
  CHECK(sprites::gateQuery() == sprites::gateQuery());
  CHECK(sprites::gateQuery().size() < 8000);
  CHECK(sprites::gateQuery().find("stdin=true") != std::string::npos);
}

TEST_CASE("sprites/output: is the same however it is cut", "[unit][sprites]") {
  const std::string out = "mark started\nsome ma output\nmark ended 42\n";
  for (std::size_t piece = 1; piece < out.size(); ++piece) {
    sprites::GateOutput output("mark");
    std::string seen;
    for (std::size_t at = 0; at < out.size(); at += piece)
      seen += output.push(Stream::out, std::string_view(out).substr(at, piece));
    CHECK(output.word() == "started");
    CHECK(seen == "some ma output\n");
    CHECK_FALSE(output.end());  // The other stream is not complete.
    output.push(Stream::err, "mark\n");
    REQUIRE(output.end());
    CHECK(output.end()->exitCode == 42);
  }
}

TEST_CASE("sprites/output: tells how a command was ended", "[unit][sprites]") {
  const auto ended = [](const std::string& line) {
    sprites::GateOutput output("mark");
    output.push(Stream::out, "mark started\n" + line);
    output.push(Stream::err, "mark\n");
    return output.end();
  };
  auto end = ended("mark killed 137\n");
  REQUIRE(end);
  CHECK(end->killed);
  CHECK(end->confirmed);
  end = ended("mark struck 137\n");
  REQUIRE(end);
  CHECK(end->killed);
  CHECK_FALSE(end->confirmed);
  CHECK_FALSE(ended("mark ended 13"));
  CHECK_FALSE(ended("mark ended x\n"));
}
