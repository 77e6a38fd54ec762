// What a waited command and a log say, taken from bytes as they come. No I/O.
#pragma once

#include <mooring/error.hpp>
#include <mooring/http/parsers/ndjson.hpp>

#include "wire.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace mooring::vercel {

/// A piece of a stream as the service carries it.
struct LogText {
  Stream stream = Stream::out;
  std::string text = {};
};

/// The service has given up on the stream; the command may go on.
struct StreamError {
  std::string code = {};
  std::string message = {};
};

using CommandEvent = std::variant<CommandView, LogText, StreamError>;

/// push() bytes, take events with next() until it has none, finish() at the end.
class CommandStream {
 public:
  void push(std::string_view bytes) { values_.push(bytes); }
  void finish() { values_.finish(); }
  /// Errors: corrupted.
  Result<std::optional<CommandEvent>> next();

 private:
  http::Ndjson values_;
};

}  // namespace mooring::vercel
