#include <mooring/bytes.hpp>

#include <algorithm>

namespace mooring {
namespace {

class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    const auto count = std::min(buffer.size(), bytes_.size() - offset_);
    const auto piece = asBytes(bytes_).subspan(offset_, count);
    std::ranges::copy(piece, buffer.begin());
    offset_ += count;
    co_return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t offset_ = 0;
};

}  // namespace

std::shared_ptr<ByteSource> sourceOf(std::string bytes) {
  return std::make_shared<StringSource>(std::move(bytes));
}

}  // namespace mooring
