/// Streams of bytes: how file contents and command output travel without being held in memory.
#pragma once

#include <mooring/operation.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mooring {

/// Where bytes come from. Threads: mooring calls it from one coroutine at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills at most `buffer`; 0 means the end. `buffer` stays valid until the task completes.
  virtual Task<std::size_t> read(std::span<std::byte> buffer) = 0;
  /// The exact number of bytes to come, where it is known beforehand.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

/// Where bytes go. Threads: mooring calls it from one coroutine at a time and waits for each write.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Takes all of `bytes`, which stay valid until the task completes.
  virtual Task<void> write(std::span<const std::byte> bytes) = 0;
};

/// A source over a string of its own.
std::shared_ptr<ByteSource> sourceOf(std::string bytes);

inline std::span<const std::byte> asBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace mooring
