// What the sandbox's side of a run does, with real shells and real processes.
#include "daytona_guest.hpp"
#include "run/script.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

namespace fs = std::filesystem;

namespace mooring::test::daytona {
namespace {

std::string everyByteButNul() {
  std::string bytes;
  for (int i = 1; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

/// Directories in which `sh` is another shell: of them, those that this machine has.
struct OtherShells {
  OtherShells() {
    fs::create_directories(root / "bash");
    if (fs::exists("/bin/bash")) fs::create_symlink("/bin/bash", root / "bash/sh");
    for (const auto* place : {"/bin/busybox", "/usr/bin/busybox"}) {
      if (!busybox.empty() || !fs::exists(place)) continue;
      busybox = (root / "busybox").string();
      fs::create_directories(busybox);
      const auto install = std::string(place) + " --install -s " + busybox;
      if (std::system(install.c_str()) != 0) busybox.clear();
    }
    bash = (root / "bash").string();
  }
  TempDir root;
  std::string bash;
  std::string busybox;
};

/// A sandbox of each kind: Debian's, one whose sh is bash, one that has nothing but busybox.
ShellGuestOptions guestKind(int kind) {
  static const OtherShells shells;
  ShellGuestOptions options;
  if (kind == 1) options = {.outer = {"dash"}, .pathFirst = shells.bash};
  if (kind == 2 && !shells.busybox.empty())
    options = {.outer = {shells.busybox + "/sh"}, .pathFirst = shells.busybox, .onlyThat = true};
  return options;
}

std::uintmax_t sizeBelow(const fs::path& root) {
  std::uintmax_t total = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code gone;
    if (it->is_regular_file(gone)) {
      const auto size = it->file_size(gone);
      if (!gone) total += size;
    }
  }
  return total;
}

TEST_CASE("daytona/run: arguments, environment and streams are bytes, in every shell",
          "[unit][daytona][run]") {
  GuestWorld world(guestKind(GENERATE(0, 1, 2)));
  const auto odd = everyByteButNul();
  auto spec = program(
      "printf",
      {"[%s]", "a b", "it's", "", "\xFF\xFE", odd, "two\nlines", "trailing\n\n", "-n", "$HOME", "`id`"});
  CHECK(world.end(spec).exitCode == 0);
  CHECK(world.seen->out == "[a b][it's][][\xFF\xFE][" + odd + "][two\nlines][trailing\n\n][-n][$HOME][`id`]");
  CHECK(world.seen->err.empty());

  spec = script("printf '%s|%s|' \"$ODD\" \"$EMPTY\"; printf err >&2; exit 9");
  spec.env = {{"ODD", odd}, {"EMPTY", ""}};
  CHECK(world.end(spec).exitCode == 9);
  CHECK(world.seen->out == odd + "||");
  CHECK(world.seen->err == "err");

  spec = program("env");
  spec.env = {{"a.b", "c d"}, {"UID", "7"}, {"m_d", "8"}};
  CHECK(world.end(spec).exitCode == 0);
  for (const auto* line : {"a.b=c d\n", "UID=7\n", "m_d=8\n"})
    CHECK(world.seen->out.find(line) != std::string::npos);

  std::string every("\0", 1);
  every += odd;
  spec = program("cat");
  spec.input = sourceOf(every + every);
  CHECK(world.end(spec).exitCode == 0);
  CHECK(world.seen->out == every + every);
}

TEST_CASE("daytona/run: exit codes are those that a shell gives, in every shell", "[unit][daytona][run]") {
  GuestWorld world(guestKind(GENERATE(0, 1, 2)));
  CHECK(world.end(script("exit 255")).exitCode == 255);
  CHECK(world.end(program("no-such-program")).exitCode == 127);
  CHECK(world.end(program("/no/such/program")).exitCode == 127);
  CHECK(world.end(program("/etc/passwd")).exitCode == 126);
  CHECK(world.end(program("/etc")).exitCode == 126);
  CHECK(world.end(program("-n")).exitCode == 127);
  for (const int number : {1, 2, 9, 15}) {
    CHECK(world.end(script("kill -" + std::to_string(number) + " $$")).exitCode == 128 + number);
  }
  // As a shell's background jobs would: deaf to SIGINT and SIGQUIT.
  CHECK(world.end(program("grep", {"SigIgn", "/proc/self/status"})).exitCode == 0);
  REQUIRE(world.seen->out.starts_with("SigIgn:\t"));
  CHECK((std::stoull(world.seen->out.substr(8), nullptr, 16) & 0x7FFFFFFFU) == 0);
}

TEST_CASE("daytona/run: a warm run is one request, from a fresh process too", "[unit][daytona][run]") {
  GuestWorld world;
  const std::vector<std::string> one{"POST /process/execute"};
  CHECK(world.end(script("echo hi")).exitCode == 0);
  CHECK(world.guest.requests() == one);
  CHECK(world.seen->out == "hi\n");
  CHECK(world.seen->starts == 1);

  world.guest.forgetRequests();
  CHECK(world.end(script("echo again; echo and >&2; exit 3")).exitCode == 3);
  CHECK(world.guest.requests() == one);

  world.guest.forgetRequests();
  world.account = world.newAccount();
  CHECK(world.end(program("true")).exitCode == 0);
  CHECK(world.guest.requests() == one);
}

TEST_CASE("daytona/run: nothing of a run is left once the next one has begun", "[unit][daytona][run]") {
  GuestWorld world;
  mooring::daytona::Commands commands(world.account);
  for (int i = 0; i < 5; ++i) {
    Seen seen;
    REQUIRE(ok(test::run(commands.run(world.instance, script("echo hi"), seen, CallOptions()))));
  }
  // The last one's, for a reply that is lost; and the one before may just be going.
  const auto kept = std::distance(fs::directory_iterator(world.guest.runs()), fs::directory_iterator());
  CHECK(kept <= 2);
}

TEST_CASE("daytona/run: a request that comes twice starts the command once", "[unit][daytona][run]") {
  GuestWorld world(guestKind(GENERATE(0, 1, 2)));
  mooring::daytona::Start start;
  start.run = {.key = "abc1", .mark = "mark1"};
  start.patience = {.withOutput = 30, .beyond = 0};
  const auto text = mooring::daytona::startText(start, script("echo ran >>effects; echo out"));
  std::vector<std::string> answers(6);
  std::vector<std::thread> at;
  at.reserve(answers.size());
  for (auto& answer : answers)
    at.emplace_back([&answer, &world, text] { answer = world.guest.execute(text); });
  for (auto& thread : at)
    thread.join();
  CHECK(readFile(world.guest.home() / "effects") == "ran\n");
  for (const auto& answer : answers)
    CHECK(answer.starts_with("mooring abc1 ended 0\n"));
  CHECK(world.guest.execute(text) == answers.front());
  CHECK(readFile(world.guest.home() / "effects") == "ran\n");
}

TEST_CASE("daytona/run: a run that was called off before it came never starts", "[unit][daytona][run]") {
  GuestWorld world;
  mooring::daytona::Start start;
  start.run = {.key = "abc2", .mark = "mark2"};
  CHECK(world.guest.execute(mooring::daytona::killText(start.run, {})).starts_with("mooring abc2 void\n"));
  const auto late = world.guest.execute(mooring::daytona::startText(start, script("echo ran >>effects")));
  CHECK(late.starts_with("mooring abc2 void\n"));
  CHECK_FALSE(fs::exists(world.guest.home() / "effects"));
}

TEST_CASE("daytona/run: it ends with its process, whatever its children hold", "[unit][daytona][run]") {
  GuestWorld world(guestKind(GENERATE(0, 1, 2)));
  CHECK(world.end(script("sleep 1000 & echo $! >child; echo done; exit 6")).exitCode == 6);
  CHECK(world.seen->out == "done\n");
  CHECK(world.end(script("kill -0 $(cat child) && kill $(cat child)")).exitCode == 0);
  CHECK(world.end(script("yes & echo done >&2; exit 7")).exitCode == 7);
  CHECK(world.seen->err == "done\n");
  CHECK(world.seen->out.find_first_not_of("y\n") == std::string::npos);
}

TEST_CASE("daytona/run: 20 MiB pass, and the sandbox never keeps more than a few", "[unit][daytona][run]") {
  GuestWorld world;
  std::atomic<std::uintmax_t> most = 0;
  world.guest.onRequest([&](Exchange&, int) {
    most = std::max<std::uintmax_t>(most, sizeBelow(world.guest.runs()));
    return false;
  });
  CHECK(world.end(script("head -c 20000000 /dev/zero; head -c 1000003 /dev/zero >&2")).exitCode == 0);
  CHECK(world.seen->out.size() == 20'000'000);
  CHECK(world.seen->err.size() == 1'000'003);
  CHECK(most > 0);
  CHECK(most <= std::size_t{2} * 130 * 65536);
}

TEST_CASE("daytona/run: where it cannot begin, it says why and has not begun", "[unit][daytona][run]") {
  GuestWorld world;
  auto spec = script("echo ran >>effects");
  spec.cwd = "no/such";
  CHECK(failsWith(world.run(spec), Errc::notFound, "no/such"));
  spec.cwd = "/etc/passwd";
  CHECK(failsWith(world.run(spec), Errc::invalidArgument, "not a directory"));
  spec.cwd = {};
  spec.args.emplace_back(std::size_t{200} * 1024, 'x');
  CHECK(failsWith(world.run(spec), Errc::invalidArgument, "an argument has 204800 bytes"));
  spec.args.assign(40, std::string(100'000, 'x'));
  CHECK(failsWith(world.run(spec), Errc::invalidArgument, "together"));
  CHECK_FALSE(fs::exists(world.guest.home() / "effects"));

  const TempDir bare;
  for (const auto* tool : {"sh", "cat", "mkdir", "rm", "sleep"})
    fs::create_symlink("/bin/" + std::string(tool), bare / tool);
  GuestWorld poor(
      ShellGuestOptions{.outer = {"/bin/sh"}, .pathFirst = bare.path().string(), .onlyThat = true});
  CHECK(failsWith(poor.run(program("cat")), Errc::unsupported, "setsid"));
}

TEST_CASE("daytona/run: no value of the environment is in a file or on a command line",
          "[unit][daytona][run]") {
  GuestWorld world;
  auto spec = script("cat /proc/[0-9]*/cmdline; echo; echo \"$TOKEN\" | tr a-z A-Z");
  spec.env = {{"TOKEN", "very-secret-value"}};
  CHECK(world.end(spec).exitCode == 0);
  CHECK(world.seen->out.ends_with("VERY-SECRET-VALUE\n"));
  CHECK(world.seen->out.find("very-secret-value") == std::string::npos);
  CHECK(filesContaining(world.guest.runs(), "very-secret-value").empty());
}

}  // namespace
}  // namespace mooring::test::daytona
