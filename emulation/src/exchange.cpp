#include <mooring/emulation/exchange.hpp>

#include <array>

namespace mooring::emulation {

namespace {

constexpr std::size_t piece = std::size_t{64} * 1024;

class BodySource final : public ByteSource {
 public:
  explicit BodySource(ExchangePtr exchange) : exchange_(std::move(exchange)) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override { return exchange_->read(buffer); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return exchange_->contentLength(); }

 private:
  ExchangePtr exchange_;
};

class ReplySink final : public ByteSink {
 public:
  explicit ReplySink(ExchangePtr exchange) : exchange_(std::move(exchange)) {}
  Task<void> write(std::span<const std::byte> bytes) override { return exchange_->write(bytes); }

 private:
  ExchangePtr exchange_;
};

}  // namespace

Task<std::string> Exchange::body(std::size_t limit) {
  std::string whole;
  std::vector<std::byte> buffer(std::min(piece, limit + 1));
  for (;;) {
    auto count = co_await read(buffer);
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) break;
    if (whole.size() + *count > limit) {
      co_return refused(413, "the body is longer than " + std::to_string(limit) + " bytes");
    }
    whole += asText(std::span(buffer).first(*count));
  }
  co_return whole;
}

Task<void> Exchange::reply(Reply reply) {
  auto begun = co_await begin(reply.status, std::move(reply.headers), reply.body.size());
  if (!begun) co_return std::unexpected(std::move(begun).error());
  if (!reply.body.empty()) {
    auto written = co_await write(asBytes(reply.body));
    if (!written) co_return std::unexpected(std::move(written).error());
  }
  co_return co_await finish();
}

std::shared_ptr<ByteSource> bodyOf(ExchangePtr exchange) {
  return std::make_shared<BodySource>(std::move(exchange));
}

std::shared_ptr<ByteSink> replyBodyOf(ExchangePtr exchange) {
  return std::make_shared<ReplySink>(std::move(exchange));
}

}  // namespace mooring::emulation
