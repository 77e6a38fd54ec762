/// multipart/form-data and its relatives (RFC 2046, RFC 7578), read and written as streams.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/http/headers.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::http {

struct MultipartEvent {
  enum class Kind {
    begin,  ///< A part begins; `headers` are its.
    data,   ///< Some of its bytes.
    end,    ///< The part is complete.
    close,  ///< The closing boundary: nothing is missing.
  };
  Kind kind = Kind::begin;
  Headers headers = {};
  std::string_view bytes = {};  ///< Valid until the next push().

  /// A parameter of the part's Content-Disposition: "name", "filename".
  [[nodiscard]] std::optional<std::string> disposition(std::string_view parameterName) const;
};

/// push() bytes, take events with next(), finish() at the end. Parts may be of any size: their bytes pass
/// through.
class Multipart {
 public:
  /// `boundary` as in the Content-Type's parameter of that name.
  explicit Multipart(std::string_view boundary);
  /// Errors: corrupted, when the Content-Type is no multipart with a boundary.
  static Result<Multipart> forContentType(std::string_view contentType);

  void push(std::string_view bytes);
  void finish() { finished_ = true; }
  /// Errors: corrupted: malformed, headers beyond 16 KiB, or ended without the closing boundary.
  Result<std::optional<MultipartEvent>> next();

 private:
  enum class State { preamble, afterBoundary, headers, data, partEnded, closed };
  Result<std::optional<MultipartEvent>> readPreamble();
  Result<std::optional<MultipartEvent>> readAfterBoundary();
  Result<std::optional<MultipartEvent>> readHeaders();
  Result<std::optional<MultipartEvent>> readData();
  [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(taken_); }
  Result<std::optional<MultipartEvent>> needMore() const;

  std::string delimiter_;  ///< "\r\n--boundary"
  std::string buffer_;
  std::size_t taken_ = 0;
  State state_ = State::preamble;
  bool finished_ = false;
};

/// Puts a form together. Its parts are read when it is sent, one after the other.
class MultipartForm {
 public:
  /// `boundary`: up to 70 letters, digits or '-' that occur in no part; an IdSource's uuid() does.
  explicit MultipartForm(std::string boundary) : boundary_(std::move(boundary)) {}

  void addField(std::string_view name, std::string value);
  void addFile(std::string_view name,
               std::string_view filename,
               std::shared_ptr<ByteSource> content,
               std::string_view contentType = "application/octet-stream");

  /// "multipart/form-data; boundary=…"
  [[nodiscard]] std::string contentType() const;
  /// The body, to be used once. Its size is known if that of all files is.
  std::shared_ptr<ByteSource> body() &&;

 private:
  std::string boundary_;
  std::vector<std::shared_ptr<ByteSource>> pieces_;
};

/// Sources one after the other.
std::shared_ptr<ByteSource> concatenated(std::vector<std::shared_ptr<ByteSource>> sources);

}  // namespace mooring::http
