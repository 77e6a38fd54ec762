#include "recorder.hpp"
#include "trial.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace mooring::conformance {
namespace {

bool isUtf8Whole(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || at + length > text.size()) return false;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) return false;
    }
    at += length;
  }
  return true;
}

TEST_CASE("run: the two output streams stay apart", "[conformance][run]") {
  Trial trial;
  const auto result = trial.run(shell("printf 'to out'; printf 'to err' >&2; printf ' again'"));
  CHECK(result.out.text == "to out again");
  CHECK(result.err.text == "to err");
  CHECK(result.out.totalBytes == 12);
  CHECK(result.err.totalBytes == 6);
  CHECK_FALSE(result.out.truncated);
  CHECK(result.out.headBytes == 12);
}

TEST_CASE("run: output may be any bytes", "[conformance][run]") {
  Trial trial;
  std::string script = "printf '";
  std::string expected;
  for (int i = 0; i < 256; ++i) {
    expected += static_cast<char>(i);
    script += "\\" + std::string(1, static_cast<char>('0' + i / 64)) + static_cast<char>('0' + i / 8 % 8) +
              static_cast<char>('0' + i % 8);
  }
  script += "'";
  const auto result = trial.run(shell(script + "; " + script + " >&2"));
  CHECK((result.out.text == expected));
  CHECK((result.err.text == expected));
}

TEST_CASE("run: a capture keeps head and tail and counts all", "[conformance][run]") {
  Trial trial;
  Command command;
  command.program = "printf";
  command.args = {"%s", "abcdefghijklmnopqrstuvwxyz"};
  command.captureLimit = 10;
  const auto result = trial.run(command);
  CHECK(result.out.truncated);
  CHECK(result.out.totalBytes == 26);
  CHECK(result.out.text == "abcdevwxyz");
  CHECK(result.out.headBytes == 5);
  CHECK_FALSE(result.err.truncated);
}

TEST_CASE("run: a capture is cut between UTF-8 characters", "[conformance][run]") {
  Trial trial;
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\xA2";
  Command command;
  command.program = "printf";
  command.args = {"%s", text};
  command.captureLimit = static_cast<std::size_t>(GENERATE(range(20, 30)));
  const auto result = trial.run(command);
  CHECK(result.out.truncated);
  CHECK(result.out.totalBytes == text.size());
  CHECK(result.out.text.size() <= command.captureLimit);
  CHECK(isUtf8Whole(result.out.text));
  CHECK(text.starts_with(result.out.text.substr(0, result.out.headBytes)));
  CHECK(text.ends_with(result.out.text.substr(result.out.headBytes)));
}

TEST_CASE("run: a sink sees every byte in order, also what the capture drops", "[conformance][run]") {
  Trial trial;
  std::string expected;
  for (int i = 1; i <= 20'000; ++i)
    expected += std::to_string(i) + "\n";
  auto sink = std::make_shared<Recorder>();
  auto command = shell("seq 1 20000; echo problem >&2");
  command.captureLimit = 100;
  command.sink = sink;
  const auto result = trial.run(command);
  CHECK(result.exitCode == 0);
  CHECK(result.out.truncated);
  CHECK(result.out.totalBytes == expected.size());
  CHECK((sink->out() == expected));
  CHECK(sink->err() == "problem\n");
}

TEST_CASE("run: output comes while the command still runs", "[conformance][run]") {
  Trial trial;
  trial.sh("mkfifo go");
  auto sink = std::make_shared<Recorder>("first\n");
  auto command = shell("echo first; read line <go; echo \"then $line\"");
  command.sink = sink;
  auto running = trial.sandbox().run(command, CallOptions::within(std::chrono::seconds(60))).start();
  REQUIRE(sink->awaitSeen());  // It cannot end before it is told to below.
  trial.sh("echo more >go");
  const auto result = running.get();
  REQUIRE(ok(result));
  CHECK(result->out.text == "first\nthen more\n");
}

TEST_CASE("run: 50 MB of output are counted exactly and not kept", "[conformance][run]") {
  Trial trial;
  auto command = shell("head -c 50000000 /dev/zero; head -c 1000003 /dev/zero >&2");
  command.captureLimit = 4096;
  const auto result = trial.run(command);
  CHECK(result.exitCode == 0);
  CHECK(result.out.totalBytes == 50'000'000);
  CHECK(result.err.totalBytes == 1'000'003);
  CHECK(result.out.text.size() <= 4096);
  CHECK(result.err.text.size() <= 4096);
}

}  // namespace
}  // namespace mooring::conformance
