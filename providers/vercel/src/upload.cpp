#include "upload.hpp"

#include "control.hpp"
#include "errors.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace mooring::vercel {

namespace {

constexpr std::size_t partSize = std::size_t{1} << 20;
constexpr std::size_t heldArchive = std::size_t{1} << 20;
constexpr std::size_t fileBuffer = std::size_t{128} * 1024;
constexpr std::chrono::minutes longestTransfer(60);

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

struct Parts {
  std::string prefix = {};
  std::shared_ptr<ByteSource> source = {};
  int count = 0;
};

Task<std::optional<http::TarItem>> nextPart(std::shared_ptr<Parts> parts) {
  auto bytes = co_await readUpTo(parts->source, partSize);
  if (!bytes) co_return std::unexpected(std::move(bytes).error());
  if (bytes->empty()) co_return std::optional<http::TarItem>();
  http::TarItem item;
  item.entry.path = fmt::format("{}{:06}", parts->prefix, ++parts->count);
  item.entry.mode = 0600;
  item.entry.size = bytes->size();
  item.content = sourceOf(std::move(*bytes));
  co_return std::optional<http::TarItem>(std::move(item));
}

/// Paths in an archive begin without a slash.
Task<std::optional<http::TarItem>> relative(http::TarItems items) {
  auto item = co_await items();
  if (item && *item) (*item)->entry.path.erase(0, (*item)->entry.path.find_first_not_of('/'));
  co_return item;
}

Task<http::Body> bodyOf(http::TarItems items) {
  http::TarItems inside = [items = std::move(items)]() { return relative(items); };
  auto archive = http::tarOf(std::move(inside), http::TarCompression::gzip);
  auto head = co_await readUpTo(archive, heldArchive);
  if (!head) co_return std::unexpected(std::move(head).error());
  if (head->size() < heldArchive) co_return http::Body(std::move(*head));
  co_return http::Body::stream(prefixed(std::move(*head), std::move(archive)));
}

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

http::TarItems partsOf(std::string prefix, std::shared_ptr<ByteSource> source) {
  auto parts = std::make_shared<Parts>(Parts{std::move(prefix), std::move(source)});
  return [parts]() { return nextPart(parts); };
}

Task<void> uploadArchive(
    AccountPtr account, Instance instance, http::TarItems items, std::string what, CallOptions call) {
  auto body = co_await bodyOf(std::move(items));
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = apiRequest(http::Method::post, "/fs/write", call);
  request.headers.set("Content-Type", "application/gzip");
  request.headers.set("X-Cwd", "/");
  request.body = std::move(*body);
  // Everything lands in a directory of this upload's own.
  request.idempotency = http::Idempotency::safe;
  request.timeouts.total = longestTransfer;
  request.timeouts.silence = std::chrono::minutes(2);
  request.buffer = fileBuffer;
  request.protocol = http::Protocol::http1;
  auto response = co_await callSession(
      account, std::move(instance), std::move(request), what, std::move(call));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return Result<void>();
}

}  // namespace mooring::vercel
