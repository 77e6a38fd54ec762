/// Several streams in one: by markers, or by lengths.
#pragma once

#include <mooring/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::http {

/// Bytes of one stream.
struct StreamPiece {
  int stream = 0;
  std::string_view bytes = {};  ///< Valid until the next push().
};

/// Streams that announce themselves by a marker: what follows one belongs to its stream, up to the next
/// marker. push() bytes, take pieces with next(), finish() at the end. A marker may be cut anywhere. Pieces
/// are as large as the input allows; a marker's possible beginning is held back until it is decided.
class MarkedStreams {
 public:
  /// `markers`: the text of each and its stream; none is a beginning of another. Before the first marker:
  /// `initial`.
  MarkedStreams(std::vector<std::pair<std::string, int>> markers, int initial);
  /// Session logs of Daytona: 01 01 01 begins standard output (1), 02 02 02 standard error (2).
  static MarkedStreams daytona();

  void push(std::string_view bytes);
  void finish() { finished_ = true; }
  std::optional<StreamPiece> next();

 private:
  std::vector<std::pair<std::string, int>> markers_;
  std::string buffer_;
  std::size_t taken_ = 0;
  int stream_;
  bool finished_ = false;
};

/// One whole frame.
struct Frame {
  std::uint8_t type = 0;
  std::string_view payload = {};  ///< Valid until the next push().
};

/// Frames of a type byte, `padding` bytes without meaning, the payload's length (4 bytes, high byte first)
/// and the payload. `padding` 3 is the form of Docker's attach stream.
class Frames {
 public:
  explicit Frames(std::size_t longest = std::size_t{16} * 1024 * 1024, std::size_t padding = 0)
      : longest_(longest), padding_(padding) {}

  void push(std::string_view bytes);
  void finish() { finished_ = true; }
  /// Errors: corrupted, for a frame longer than allowed or one cut off by the end.
  Result<std::optional<Frame>> next();
  static std::string encode(std::uint8_t type, std::string_view payload, std::size_t padding = 0);

 private:
  std::string buffer_;
  std::size_t taken_ = 0;
  std::size_t longest_;
  std::size_t padding_;
  bool finished_ = false;
};

}  // namespace mooring::http
