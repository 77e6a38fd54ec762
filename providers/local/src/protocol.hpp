// What the library and the supervisor say to each other over a Unix socket. Shared by both, so: no
// exceptions, and nothing of mooring but this.
//
// A frame is a length (4 bytes, little endian, of what follows), a kind (1 byte) and fields. Descriptors
// travel beside the frame as SCM_RIGHTS. A connection carries one request; the order of its frames is given
// at each request.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::local::protocol {

/// Sent first in every request. A supervisor outlives the library that started it, so the two can differ.
inline constexpr std::uint8_t protocolVersion = 1;
inline constexpr std::uint32_t maxFrame = std::uint32_t{16} << 20;
inline constexpr std::size_t headerSize = 4;
inline constexpr std::size_t maxDescriptors = 4;

/// From the library. Fields of each, after the version: as in the comment; answered by `done` unless it says
/// otherwise.
enum class Ask : std::uint8_t {
  ping = 1,
  run,         ///< LaunchRequest with its descriptors → started, then ended. A dropped connection kills it.
  start,       ///< key, LaunchRequest → started.
  endRun,      ///< No version; on a run's own connection: kill its process group, then say how it ended.
  signal,      ///< key, signal.
  openInput,   ///< key → done with the write end of its standard input.
  closeInput,  ///< key.
  awaitEnd,    ///< key → ended when it has ended; failed(ENOENT) when this supervisor does not run it.
  readFile,    ///< path → done: size; with the open file.
  writeFile,  ///< path, mode or noMode → done, with an open file; then commit → done. Dropped before: nothing
              ///< changed.
  commit,     ///< No version; see writeFile.
  stat,       ///< path → entries with one entry.
  list,       ///< path → any number of entries, then done.
  makeDirectory,  ///< path, mode.
  remove,         ///< path, whether a tree.
  rename,         ///< from, to.
  setMode,        ///< path, mode.
  setLifetime,    ///< milliseconds from now.
  freeze,         ///< Stops all processes until the connection ends.
  shutdown,       ///< Ends all processes and itself; the answer is the end of the connection.
};

/// From the supervisor.
enum class Say : std::uint8_t {
  done = 1,
  failed,        ///< Failure, errno, text. Nothing has happened.
  started,       ///< pid in the sandbox.
  ended,         ///< Ended.
  entries,       ///< count, then Entry each.
  shuttingDown,  ///< It ends just now; nothing has happened.
};

/// What a failure was about.
enum class Failure : std::uint8_t { request = 1, version, directory, program, process, exists };

inline constexpr std::uint32_t noMode = ~std::uint32_t{0};

class Encoder {
 public:
  explicit Encoder(Ask kind) : Encoder(static_cast<std::uint8_t>(kind)) {}
  explicit Encoder(Say kind) : Encoder(static_cast<std::uint8_t>(kind)) {}

  Encoder& u8(std::uint8_t value) {
    bytes_.push_back(static_cast<char>(value));
    return *this;
  }
  Encoder& u32(std::uint32_t value) { return integer(value, 4); }
  Encoder& u64(std::uint64_t value) { return integer(value, 8); }
  Encoder& text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  Encoder& texts(const std::vector<std::string>& values) {
    u32(static_cast<std::uint32_t>(values.size()));
    for (const auto& value : values) {
      text(value);
    }
    return *this;
  }

  /// The frame. Larger than maxFrame + headerSize: the other side refuses it, so look at it before sending.
  std::string take() {
    const auto size = static_cast<std::uint32_t>(bytes_.size() - headerSize);
    for (std::size_t i = 0; i < headerSize; ++i) {
      bytes_[i] = static_cast<char>((size >> (8 * i)) & 0xff);
    }
    return std::move(bytes_);
  }

 private:
  explicit Encoder(std::uint8_t kind) : bytes_(headerSize, '\0') { u8(kind); }

  Encoder& integer(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) {
      u8(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    return *this;
  }

  std::string bytes_;
};

/// A request that carries the version.
inline Encoder request(Ask kind) {
  Encoder encoder(kind);
  encoder.u8(protocolVersion);
  return encoder;
}

/// Reads a frame's fields. After a read beyond the end every value is empty and ok() is false for good.
class Decoder {
 public:
  explicit Decoder(std::string_view fields) : rest_(fields) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  std::string text() {
    const std::uint32_t size = u32();
    if (size > rest_.size()) {
      fail();
      return {};
    }
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> values;
    std::uint32_t count = u32();
    // Each text has at least its length, so a count beyond this is a lie that must not be allocated for.
    if (count > rest_.size() / 4) fail();
    for (; ok_ && count > 0; --count) {
      values.push_back(text());
    }
    return values;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  /// All was read, and nothing more.
  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::uint64_t integer(std::size_t size) {
    if (!ok_ || rest_.size() < size) {
      fail();
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    }
    rest_.remove_prefix(size);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// Turns a byte stream into frames.
class FrameReader {
 public:
  enum class Next { needsMore, frame, invalid };

  void append(std::string_view bytes) { bytes_.append(bytes); }

  /// On `frame`, `kind` and `fields` are set.
  Next next(std::uint8_t& kind, std::string& fields) {
    if (bytes_.size() < headerSize) return Next::needsMore;
    Decoder header(std::string_view(bytes_).substr(0, headerSize));
    const std::uint32_t size = header.u32();
    if (size == 0 || size > maxFrame) return Next::invalid;
    if (bytes_.size() < headerSize + size) return Next::needsMore;
    kind = static_cast<std::uint8_t>(bytes_[headerSize]);
    fields.assign(bytes_, headerSize + 1, size - 1);
    bytes_.erase(0, headerSize + size);
    return Next::frame;
  }

 private:
  std::string bytes_;
};

/// A program to be started. Descriptors beside it: for `run` stdin (when hasInput), stdout, stderr; for
/// `start` stdin (when hasInput).
struct LaunchRequest {
  std::string program;
  std::vector<std::string> args;
  std::string cwd;               ///< Empty: the home.
  std::vector<std::string> env;  ///< "NAME=value"; added to the supervisor's defaults, and stronger.
  bool hasInput = false;

  void encode(Encoder& out) const { out.text(program).texts(args).text(cwd).texts(env).u8(hasInput ? 1 : 0); }
  static LaunchRequest decode(Decoder& in) {
    LaunchRequest request;
    request.program = in.text();
    request.args = in.texts();
    request.cwd = in.text();
    request.env = in.texts();
    request.hasInput = in.u8() != 0;
    return request;
  }
};

/// How a command ended.
struct Ended {
  std::uint32_t exitCode = 0;  ///< 128 + signal when a signal killed it.
  std::uint32_t signal = 0;
  bool asked = false;      ///< It was killed because the library asked for it.
  bool groupDead = false;  ///< No process of its group is left.

  void encode(Encoder& out) const { out.u32(exitCode).u32(signal).u8(asked ? 1 : 0).u8(groupDead ? 1 : 0); }
  static Ended decode(Decoder& in) {
    Ended ended;
    ended.exitCode = in.u32();
    ended.signal = in.u32();
    ended.asked = in.u8() != 0;
    ended.groupDead = in.u8() != 0;
    return ended;
  }
};

enum class EntryType : std::uint8_t { file = 1, directory, symlink, other };

struct Entry {
  std::string name;
  EntryType type = EntryType::file;
  std::uint64_t size = 0;
  std::uint32_t mode = 0;
  std::uint64_t modifiedMs = 0;
  std::string linkTarget;

  void encode(Encoder& out) const {
    out.text(name).u8(static_cast<std::uint8_t>(type)).u64(size).u32(mode).u64(modifiedMs).text(linkTarget);
  }
  static Entry decode(Decoder& in) {
    Entry entry;
    entry.name = in.text();
    entry.type = static_cast<EntryType>(in.u8());
    entry.size = in.u64();
    entry.mode = in.u32();
    entry.modifiedMs = in.u64();
    entry.linkTarget = in.text();
    return entry;
  }
};

/// A program that could not be executed ends like a shell's: 127 when it does not exist, else 126.
inline std::uint32_t execFailureCode(int error) { return error == ENOENT || error == ENOTDIR ? 127 : 126; }
/// What then appears on its standard error.
inline std::string execFailureText(std::string_view program, int error) {
  std::string text = "mooring: ";
  text.append(program);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      text += ": not found\n";
      break;
    case EACCES:
      text += ": permission denied\n";
      break;
    case ENOEXEC:
      text += ": not an executable format\n";
      break;
    case E2BIG:
      text += ": its arguments and environment are too long\n";
      break;
    default:
      text += ": cannot be executed\n";
      break;
  }
  return text;
}

/// The content of a started command's `exit` file.
inline std::string formatExit(std::uint32_t exitCode, std::uint32_t signal) {
  return "exited " + std::to_string(exitCode) + ' ' + std::to_string(signal) + '\n';
}
inline constexpr std::string_view lostExit = "lost\n";

enum class ExitText { exited, lost, unreadable };

inline ExitText parseExit(std::string_view text, std::uint32_t& exitCode, std::uint32_t& signal) {
  if (text == lostExit) return ExitText::lost;
  constexpr std::string_view prefix = "exited ";
  if (text.substr(0, prefix.size()) != prefix) return ExitText::unreadable;
  text.remove_prefix(prefix.size());
  const auto number = [&text](char end, std::uint32_t& value) {
    std::size_t digits = 0;
    value = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      value = value * 10 + static_cast<std::uint32_t>(text[digits] - '0');
    }
    if (digits == 0 || digits > 6 || digits == text.size() || text[digits] != end) return false;
    text.remove_prefix(digits + 1);
    return true;
  };
  std::uint32_t readCode = 0;
  std::uint32_t readSignal = 0;
  if (!number(' ', readCode) || !number('\n', readSignal) || !text.empty()) return ExitText::unreadable;
  exitCode = readCode;
  signal = readSignal;
  return ExitText::exited;
}

}  // namespace mooring::local::protocol
