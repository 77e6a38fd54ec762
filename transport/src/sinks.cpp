#include <mooring/http/sinks.hpp>

#include <algorithm>
#include <utility>

namespace mooring::http {

namespace {

class Skipping final : public ByteSink {
 public:
  Skipping(std::uint64_t count, std::shared_ptr<ByteSink> inner) : inner_(std::move(inner)), left_(count) {}

  Task<void> write(std::span<const std::byte> bytes) override {
    const auto dropped = std::min<std::uint64_t>(left_, bytes.size());
    left_ -= dropped;
    const auto rest = bytes.subspan(static_cast<std::size_t>(dropped));
    if (rest.empty()) co_return Result<void>();
    co_return co_await inner_->write(rest);
  }

 private:
  std::shared_ptr<ByteSink> inner_;
  std::uint64_t left_;
};

}  // namespace

std::shared_ptr<ByteSink> skipping(std::uint64_t count, std::shared_ptr<ByteSink> sink) {
  if (count == 0) return sink;
  return std::make_shared<Skipping>(count, std::move(sink));
}

}  // namespace mooring::http
