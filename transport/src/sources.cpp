#include <mooring/http/sources.hpp>

#include <algorithm>

namespace mooring::http {

namespace {

class Prefixed final : public ByteSource {
 public:
  Prefixed(std::string head, std::shared_ptr<ByteSource> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    if (given_ == head_.size()) co_return co_await rest_->read(buffer);
    const auto piece = asBytes(std::string_view(head_).substr(given_, buffer.size()));
    std::ranges::copy(piece, buffer.begin());
    given_ += piece.size();
    co_return piece.size();
  }

 private:
  std::string head_;
  std::size_t given_ = 0;
  std::shared_ptr<ByteSource> rest_;
};

}  // namespace

Task<std::string> readUpTo(std::shared_ptr<ByteSource> source, std::size_t most) {
  std::string bytes;
  std::size_t filled = 0;
  while (filled < most) {
    if (bytes.size() == filled) bytes.resize(std::min(most, std::max<std::size_t>(2 * filled, 16384)));
    auto count = co_await source->read(std::as_writable_bytes(std::span(bytes).subspan(filled)));
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) break;
    filled += *count;
  }
  bytes.resize(filled);
  co_return bytes;
}

std::shared_ptr<ByteSource> prefixed(std::string head, std::shared_ptr<ByteSource> source) {
  return std::make_shared<Prefixed>(std::move(head), std::move(source));
}

}  // namespace mooring::http
