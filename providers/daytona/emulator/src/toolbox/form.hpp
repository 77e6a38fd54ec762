// Reading a multipart form from a request while it arrives.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/emulation/exchange.hpp>
#include <mooring/http/parsers/multipart.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mooring::daytona::emulator {

struct FormPart {
  std::string name = {};
  std::string filename = {};
};

/// Its parts, one after the other; each is read from the form itself. Threads: one coroutine.
class Form : public ByteSource, public std::enable_shared_from_this<Form> {
 public:
  /// Errors: status 400 (no multipart).
  static Result<std::shared_ptr<Form>> of(emulation::ExchangePtr exchange);

  /// The next part; what was not read of the one before is skipped. Nothing after the last.
  /// Errors: status 400 (malformed, or it ends too early).
  Task<std::optional<FormPart>> next();
  /// Of the part that next() gave; 0 at its end.
  Task<std::size_t> read(std::span<std::byte> buffer) override;
  /// Bytes read of the part so far.
  [[nodiscard]] std::uint64_t bytesRead() const { return bytesRead_; }

 private:
  Form(emulation::ExchangePtr exchange, http::Multipart parser)
      : exchange_(std::move(exchange)), parser_(std::move(parser)) {}
  Task<http::MultipartEvent> event();

  emulation::ExchangePtr exchange_;
  http::Multipart parser_;
  std::array<std::byte, std::size_t{64} * 1024> chunk_ = {};
  std::string_view pending_;  ///< Of the part's bytes; the parser holds them.
  bool inPart_ = false;
  std::uint64_t bytesRead_ = 0;
};

/// A part's text, up to `limit` bytes. Errors: as Form; status 400 beyond the limit.
Task<std::string> partText(std::shared_ptr<Form> form, std::size_t limit);

}  // namespace mooring::daytona::emulator
