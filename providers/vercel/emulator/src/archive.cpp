#include "archive.hpp"

#include <mooring/emulation/message.hpp>

#include <algorithm>
#include <cstring>

namespace mooring::vercel::emulated {

namespace zlib = boost::beast::zlib;
using emulation::refused;

namespace {

constexpr std::size_t piece = std::size_t{64} * 1024;
constexpr std::size_t trailerSize = 8;

std::unexpected<Error> notGzip() {
  return refused(400, "Invalid request: the body must be a gzip-compressed tar archive");
}

/// How long the gzip header at the front is; nothing when more bytes are needed. 0: it is none.
std::optional<std::size_t> headerLength(std::string_view bytes) {
  constexpr std::size_t fixed = 10;
  constexpr unsigned checksum = 2;
  constexpr unsigned extra = 4;
  constexpr unsigned name = 8;
  constexpr unsigned comment = 16;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < fixed) return std::nullopt;
  if (at(0) != 0x1f || at(1) != 0x8b || at(2) != 8) return 0;
  const unsigned flags = at(3);
  std::size_t length = fixed;
  if ((flags & extra) != 0) {
    if (bytes.size() < length + 2) return std::nullopt;
    length += 2 + at(length) + at(length + 1) * 256U;
  }
  for (const unsigned text : {name, comment}) {
    if ((flags & text) == 0) continue;
    const auto end = bytes.find('\0', length);
    if (end == std::string_view::npos) return std::nullopt;
    length = end + 1;
  }
  if ((flags & checksum) != 0) length += 2;
  return bytes.size() < length ? std::nullopt : std::optional(length);
}

}  // namespace

Result<std::string> Gunzip::push(std::string_view bytes) {
  if (state_ == State::header) {
    header_ += bytes;
    const auto length = headerLength(header_);
    if (!length) return std::string();
    if (*length == 0) return notGzip();
    state_ = State::data;
    const auto rest = header_.substr(*length);
    return push(rest);
  }
  std::string plain;
  while (state_ == State::data && !bytes.empty()) {
    std::string room(piece, '\0');
    zlib::z_params step;
    step.next_in = bytes.data();
    step.avail_in = bytes.size();
    step.next_out = room.data();
    step.avail_out = room.size();
    boost::system::error_code problem;
    inflate_.write(step, zlib::Flush::sync, problem);
    plain.append(room, 0, room.size() - step.avail_out);
    bytes = bytes.substr(bytes.size() - step.avail_in);
    if (problem == zlib::error::end_of_stream) {
      state_ = State::trailer;
    } else if (problem && problem != zlib::error::need_buffers) {
      return notGzip();
    } else if (step.avail_out == room.size() && bytes.empty()) {
      break;
    }
  }
  if (state_ == State::trailer) trailer_ += bytes.size();
  return plain;
}

Result<void> Gunzip::finish() const {
  if (state_ != State::trailer || trailer_ < trailerSize) return notGzip();
  return {};
}

Task<bool> Archive::refill() {
  std::vector<std::byte> buffer(piece);
  auto count = co_await compressed_->read(std::span(buffer));
  if (!count) co_return std::unexpected(std::move(count).error());
  if (*count == 0) {
    drained_ = true;
    auto whole = gunzip_.finish();
    if (!whole) co_return std::unexpected(std::move(whole).error());
    tar_.finish();
    co_return false;
  }
  auto plain = gunzip_.push(asText(std::span(buffer).first(*count)));
  if (!plain) co_return std::unexpected(std::move(plain).error());
  tar_.push(*plain);
  co_return true;
}

Task<std::optional<http::TarEvent>> Archive::event() {
  for (;;) {
    auto event = tar_.next();
    if (!event) co_return refused(400, "Invalid request: " + event.error().message);
    if (*event || drained_) co_return event;
    auto more = co_await refill();
    if (!more) co_return std::unexpected(std::move(more).error());
  }
}

Task<std::optional<http::TarEntry>> Archive::next() {
  content_.clear();
  for (;;) {
    auto event = co_await this->event();
    if (!event) co_return std::unexpected(std::move(event).error());
    if (!*event) co_return std::optional<http::TarEntry>();
    if ((*event)->kind != http::TarEvent::Kind::entry) continue;
    inEntry_ = true;
    co_return std::move((*event)->entry);
  }
}

Task<std::size_t> Archive::read(std::span<std::byte> buffer) {
  while (content_.empty() && inEntry_) {
    auto event = co_await this->event();
    if (!event) co_return std::unexpected(std::move(event).error());
    if (!*event || (*event)->kind == http::TarEvent::Kind::end) {
      inEntry_ = false;
    } else if ((*event)->kind == http::TarEvent::Kind::data) {
      content_ = (*event)->bytes;
    }
  }
  const auto count = std::min(buffer.size(), content_.size());
  std::memcpy(buffer.data(), content_.data(), count);
  content_.erase(0, count);
  co_return count;
}

namespace {

class Content final : public ByteSource {
 public:
  Content(std::shared_ptr<Archive> archive, std::uint64_t size) : archive_(std::move(archive)), size_(size) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override { return archive_->read(buffer); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::shared_ptr<Archive> archive_;
  std::uint64_t size_;
};

}  // namespace

std::shared_ptr<ByteSource> contentOf(std::shared_ptr<Archive> archive, std::uint64_t size) {
  return std::make_shared<Content>(std::move(archive), size);
}

}  // namespace mooring::vercel::emulated
