// Keeping a bounded head and tail of an unbounded stream.
#pragma once

#include <mooring/command.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mooring::detail {

/// Takes a stream in pieces of any size; memory stays below the limit whatever comes.
class Capture {
 public:
  explicit Capture(std::size_t limit);

  void add(std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t totalBytes() const { return total_; }
  /// What was kept, cut back to whole UTF-8 characters where bytes were dropped.
  /// Ends the capture.
  [[nodiscard]] Captured finish() &&;

 private:
  std::size_t headLimit_;
  std::size_t tailLimit_;
  std::string head_;
  std::string tail_;           ///< A ring once it is full.
  std::size_t tailStart_ = 0;  ///< Where the ring's oldest byte is.
  std::uint64_t total_ = 0;
};

/// How many bytes at the end of `text` begin a UTF-8 character that is not complete there.
std::size_t incompleteSuffix(std::string_view text);
/// How many bytes at the start of `text` continue a UTF-8 character that began before.
std::size_t continuationPrefix(std::string_view text);

}  // namespace mooring::detail
