#include <mooring/detail/base64.hpp>

#include "comments.hpp"
#include "output_decoder.hpp"
#include "script.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/array.hpp>

using namespace mooring;
using test::failsWith;
using test::ok;

namespace {

const std::string mark = "\x1e mooring 1234";

/// As the pump prints it: a line of base64 for each piece.
std::string printed(const std::vector<std::string>& pieces) {
  std::string out;
  for (const auto& piece : pieces)
    out += detail::encodeBase64(piece) + "\n";
  return out;
}

std::string everyByte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

}  // namespace

TEST_CASE("vercel/output: bytes come out whole, however the text is cut", "[unit][vercel]") {
  const auto expected = everyByte() + "more";
  const auto text = printed({everyByte(), "m", "ore" + mark.substr(0, 3), mark.substr(3), "late output"});
  const auto size = static_cast<std::size_t>(GENERATE(1, 2, 3, 7, 64, 4096));
  vercel::OutputDecoder decoder(mark);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size)
    out += decoder.push(text.substr(at, size));
  CHECK((out == expected));
  CHECK(decoder.complete());
}

TEST_CASE("vercel/output: what looks like a mark and is none is output", "[unit][vercel]") {
  vercel::OutputDecoder decoder(mark);
  auto out = decoder.push(printed({mark.substr(0, 5)}));
  CHECK(out.empty());
  out = decoder.push(printed({"x"}));
  CHECK((out == mark.substr(0, 5) + "x"));
  CHECK_FALSE(decoder.complete());
}

TEST_CASE("vercel/output: a replayed log is skipped up to where it was", "[unit][vercel]") {
  const auto text = printed({"one ", "two ", "three", mark});
  const auto cut = static_cast<std::size_t>(GENERATE(0, 1, 6, 9, 17));
  vercel::OutputDecoder decoder(mark);
  auto out = decoder.push(text.substr(0, cut));
  decoder.restart();
  out += decoder.push(text.substr(0, cut / 2));
  decoder.restart();
  out += decoder.push(text.substr(0, 5));
  out += decoder.push(text.substr(5));
  CHECK(out == "one two three");
  CHECK(decoder.complete());
}

TEST_CASE("vercel/output: the wrapper's own words are kept apart", "[unit][vercel]") {
  vercel::OutputDecoder decoder(mark);
  const auto out = decoder.push(".killed\nsh: 1: cannot fork\n" + printed({"x"}));
  CHECK(out == "x");
  CHECK(decoder.said(vercel::word::killed));
  CHECK_FALSE(decoder.said(vercel::word::cwd));
  CHECK(decoder.words() == std::vector<std::string>{"killed", "sh: 1: cannot fork"});
}

TEST_CASE("vercel/wrap: UTF-8 goes as it is, anything else as base64", "[unit][vercel]") {
  CommandSpec command;
  command.program = "printf";
  command.args = {"%s", "a b"};
  command.env = {{"WORD", "x"}, {"PATH", "/opt/bin"}};
  auto wrapped = vercel::wrap(command, "1234", vercel::Input::none, "");
  REQUIRE(ok(wrapped));
  const auto tail = [&wrapped](std::size_t count) {
    std::vector<std::string> out;
    const auto& args = wrapped->body.at("args").get_array();
    for (auto i = args.size() - count; i < args.size(); ++i)
      out.emplace_back(args[i].get_string());
    return out;
  };
  CHECK(wrapped->body.at("command") == "/bin/sh");
  CHECK(tail(8) ==
        std::vector<std::string>{"/tmp/.mooring-1234", mark, "", "plain", "none", "printf", "%s", "a b"});
  const auto* env = &wrapped->body.at("env").get_object();
  CHECK(env->at("WORD") == "x");
  CHECK(env->at("MOORING_RUN_PATH") == "/opt/bin");
  CHECK_FALSE(env->contains("PATH"));

  command.args = {"\xFF"};
  command.env = {{"ODD", "\xFE"}};
  wrapped = vercel::wrap(command, "1234", vercel::Input::text, "input");
  REQUIRE(ok(wrapped));
  CHECK(tail(5) == std::vector<std::string>{"", "coded", "text", "cHJpbnRm", "/w=="});
  env = &wrapped->body.at("env").get_object();
  CHECK(env->at("ODD") == "/g==");
  CHECK(env->at("MOORING_RUN_CODED") == "ODD");
  CHECK(env->at("MOORING_RUN_INPUT") == "aW5wdXQ=");

  command.env = {{"no name", "\xFE"}};
  CHECK(failsWith(vercel::wrap(command, "1", vercel::Input::none, ""), Errc::invalidArgument, "env"));
}

TEST_CASE("vercel/comments: of checkpoints fit into one tag", "[unit][vercel]") {
  CHECK(vercel::commentKey(CheckpointId("snap_0123456789ABCDEF")) == "ABCDEF");
  const vercel::Comments comments{{"ABCDEF", "one; 100%\nand \xC3\xA9"}, {"ghijkl", "two:three"}};
  auto text = vercel::writeComments(comments);
  REQUIRE(ok(text));
  CHECK(vercel::readComments(*text) == comments);
  CHECK(vercel::readComments("").empty());
  CHECK(vercel::readComments(";;x;").empty());
  CHECK(failsWith(vercel::writeComments({{"ABCDEF", std::string(250, 'x')}}), Errc::quotaExceeded, "256"));
}
