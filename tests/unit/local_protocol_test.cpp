#include "protocol.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace mooring::local::protocol;

namespace {

/// The fields of a whole frame, which must be one.
std::string fieldsOf(const std::string& frame, std::uint8_t wantedKind) {
  FrameReader reader;
  reader.append(frame);
  std::uint8_t kind = 0;
  std::string fields;
  REQUIRE(reader.next(kind, fields) == FrameReader::Next::frame);
  REQUIRE(kind == wantedKind);
  return fields;
}

LaunchRequest someLaunch() {
  LaunchRequest request;
  request.program = "printf";
  request.args = {"%s", "", "two\nlines", std::string("\xff\xfe", 2)};
  request.cwd = "/workspace/a b";
  request.env = {"A=1", "B="};
  request.hasInput = true;
  return request;
}

}  // namespace

TEST_CASE("local/protocol: a launch arrives as it was sent", "[unit][local]") {
  Encoder encoder = request(Ask::run);
  someLaunch().encode(encoder);
  const std::string fields = fieldsOf(encoder.take(), static_cast<std::uint8_t>(Ask::run));

  Decoder decoder(fields);
  CHECK(decoder.u8() == protocolVersion);
  const LaunchRequest read = LaunchRequest::decode(decoder);

  CHECK(decoder.complete());
  CHECK(read.program == someLaunch().program);
  CHECK(read.args == someLaunch().args);
  CHECK(read.cwd == someLaunch().cwd);
  CHECK(read.env == someLaunch().env);
  CHECK(read.hasInput);
}

TEST_CASE("local/protocol: an entry and an end arrive as they were sent", "[unit][local]") {
  Entry entry;
  entry.name = "caf\xc3\xa9";
  entry.type = EntryType::symlink;
  entry.size = std::uint64_t{1} << 40;
  entry.mode = 0755;
  entry.modifiedMs = 1'700'000'000'123;
  entry.linkTarget = "../x";
  Ended ended;
  ended.exitCode = 137;
  ended.signal = 9;
  ended.asked = true;
  ended.groupDead = true;
  Encoder encoder(Say::entries);
  entry.encode(encoder);
  ended.encode(encoder);
  const std::string fields = fieldsOf(encoder.take(), static_cast<std::uint8_t>(Say::entries));

  Decoder decoder(fields);
  const Entry readEntry = Entry::decode(decoder);
  const Ended readEnded = Ended::decode(decoder);

  CHECK(decoder.complete());
  CHECK(readEntry.name == entry.name);
  CHECK(readEntry.type == entry.type);
  CHECK(readEntry.size == entry.size);
  CHECK(readEntry.mode == entry.mode);
  CHECK(readEntry.modifiedMs == entry.modifiedMs);
  CHECK(readEntry.linkTarget == entry.linkTarget);
  CHECK(readEnded.exitCode == 137);
  CHECK(readEnded.signal == 9);
  CHECK(readEnded.asked);
  CHECK(readEnded.groupDead);
}

TEST_CASE("local/protocol: frames are found however the bytes are cut", "[unit][local]") {
  const std::string bytes = Encoder(Say::done).take() + Encoder(Say::started).u32(7).take() +
                            Encoder(Say::done).take();
  const std::size_t step = GENERATE(1U, 2U, 3U, 5U, 64U);
  FrameReader reader;
  std::vector<int> kinds;
  std::uint8_t kind = 0;
  std::string fields;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.append(std::string_view(bytes).substr(at, step));
    while (reader.next(kind, fields) == FrameReader::Next::frame) {
      kinds.push_back(kind);
    }
  }
  CHECK(kinds == std::vector<int>{1, 3, 1});
}

TEST_CASE("local/protocol: every truncation of a launch is noticed", "[unit][local]") {
  Encoder encoder = request(Ask::run);
  someLaunch().encode(encoder);
  const std::string fields = fieldsOf(encoder.take(), static_cast<std::uint8_t>(Ask::run));
  for (std::size_t size = 0; size < fields.size(); ++size) {
    Decoder decoder(std::string_view(fields).substr(0, size));
    decoder.u8();
    LaunchRequest::decode(decoder);
    INFO("cut to " << size << " of " << fields.size());
    CHECK_FALSE(decoder.ok());
  }
}

TEST_CASE("local/protocol: lengths that lie are refused without being allocated for", "[unit][local]") {
  const std::string huge = "\xff\xff\xff\xff";
  SECTION("of a text") {
    Decoder decoder(huge);
    CHECK(decoder.text().empty());
    CHECK_FALSE(decoder.ok());
  }
  SECTION("of a list") {
    Decoder decoder(huge);
    CHECK(decoder.texts().empty());
    CHECK_FALSE(decoder.ok());
  }
  SECTION("of a frame") {
    FrameReader reader;
    reader.append(huge + "x");
    std::uint8_t kind = 0;
    std::string fields;
    CHECK(reader.next(kind, fields) == FrameReader::Next::invalid);
  }
  SECTION("of an empty frame") {
    FrameReader reader;
    reader.append(std::string(headerSize, '\0'));
    std::uint8_t kind = 0;
    std::string fields;
    CHECK(reader.next(kind, fields) == FrameReader::Next::invalid);
  }
}

TEST_CASE("local/protocol: fields left over are noticed", "[unit][local]") {
  Decoder decoder(std::string_view("\x01\x02", 2));
  CHECK(decoder.u8() == 1);
  CHECK(decoder.ok());
  CHECK_FALSE(decoder.complete());
}

TEST_CASE("local/protocol: an exit file says how a command ended, or that nobody knows", "[unit][local]") {
  std::uint32_t exitCode = 0;
  std::uint32_t signal = 0;
  CHECK(parseExit(formatExit(3, 0), exitCode, signal) == ExitText::exited);
  CHECK(exitCode == 3);
  CHECK(signal == 0);
  CHECK(parseExit(formatExit(137, 9), exitCode, signal) == ExitText::exited);
  CHECK(exitCode == 137);
  CHECK(signal == 9);
  CHECK(parseExit(lostExit, exitCode, signal) == ExitText::lost);
  for (const std::string text : {"",
                                 "\n",
                                 "exited",
                                 "exited \n",
                                 "exited 1\n",
                                 "exited 1 2",
                                 "exited 1 2\n3 4\n",
                                 "exited a 2\n",
                                 "exited 99999999999 0\n",
                                 "exited  1\n",
                                 "lost"}) {
    INFO("text \"" << text << '"');
    CHECK(parseExit(text, exitCode, signal) == ExitText::unreadable);
  }
}

TEST_CASE("local/protocol: a program that cannot be executed ends as in a shell", "[unit][local]") {
  CHECK(execFailureCode(ENOENT) == 127);
  CHECK(execFailureCode(EACCES) == 126);
  CHECK(execFailureCode(ENOEXEC) == 126);
  CHECK(execFailureText("foo", ENOENT) == "mooring: foo: not found\n");
}
