// A gzip-compressed tar archive as it arrives.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/http/parsers/tar.hpp>

#include <boost/beast/zlib/inflate_stream.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::vercel::emulated {

/// Takes gzip bytes as they come and gives what they hold.
class Gunzip {
 public:
  /// Errors: 400 (no gzip, or damaged).
  Result<std::string> push(std::string_view bytes);
  /// Errors: 400 (cut off).
  [[nodiscard]] Result<void> finish() const;

 private:
  bool takeHeader();

  enum class State { header, data, trailer };
  State state_ = State::header;
  std::string header_;
  bool broken_ = false;
  std::size_t trailer_ = 0;
  boost::beast::zlib::inflate_stream inflate_;
};

/// The archive's entries one after the other; each content is read before the next.
class Archive {
 public:
  explicit Archive(std::shared_ptr<ByteSource> compressed) : compressed_(std::move(compressed)) {}

  /// Nothing at the end. Errors: 400 (no archive, or damaged), and the source's.
  Task<std::optional<http::TarEntry>> next();
  /// Of the entry's content; 0 at its end.
  Task<std::size_t> read(std::span<std::byte> buffer);

 private:
  Task<bool> refill();
  Task<std::optional<http::TarEvent>> event();

  std::shared_ptr<ByteSource> compressed_;
  Gunzip gunzip_;
  http::TarReader tar_;
  std::string content_;  ///< Of the entry, not read yet.
  bool inEntry_ = false;
  bool drained_ = false;
};

/// The content of the archive's present entry, as a source. Lifetime: the archive's.
std::shared_ptr<ByteSource> contentOf(std::shared_ptr<Archive> archive, std::uint64_t size);

}  // namespace mooring::vercel::emulated
