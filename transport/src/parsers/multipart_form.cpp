#include <mooring/http/parsers/multipart.hpp>

namespace mooring::http {

namespace {

class Concatenated final : public ByteSource {
 public:
  explicit Concatenated(std::vector<std::shared_ptr<ByteSource>> sources) : sources_(std::move(sources)) {
    std::uint64_t total = 0;
    for (const auto& source : sources_) {
      const auto size = source->size();
      if (!size) return;
      total += *size;
    }
    size_ = total;
  }

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    while (current_ < sources_.size()) {
      auto count = co_await sources_[current_]->read(buffer);
      if (!count || *count > 0) co_return count;
      sources_[current_].reset();  // Files are closed one by one.
      ++current_;
    }
    co_return std::size_t{0};
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::vector<std::shared_ptr<ByteSource>> sources_;
  std::size_t current_ = 0;
  std::optional<std::uint64_t> size_;
};

/// As browsers do (HTML, multipart/form-data encoding algorithm).
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "%22";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      default:
        out += c;
        break;
    }
  }
  return out + "\"";
}

}  // namespace

std::shared_ptr<ByteSource> concatenated(std::vector<std::shared_ptr<ByteSource>> sources) {
  return std::make_shared<Concatenated>(std::move(sources));
}

void MultipartForm::addField(std::string_view name, std::string value) {
  pieces_.push_back(sourceOf("--" + boundary_ + "\r\nContent-Disposition: form-data; name=" + quoted(name) +
                             "\r\n\r\n" + std::move(value) + "\r\n"));
}

void MultipartForm::addFile(std::string_view name,
                            std::string_view filename,
                            std::shared_ptr<ByteSource> content,
                            std::string_view contentType) {
  pieces_.push_back(sourceOf("--" + boundary_ + "\r\nContent-Disposition: form-data; name=" + quoted(name) +
                             "; filename=" + quoted(filename) +
                             "\r\nContent-Type: " + std::string(contentType) + "\r\n\r\n"));
  pieces_.push_back(std::move(content));
  pieces_.push_back(sourceOf("\r\n"));
}

std::string MultipartForm::contentType() const { return "multipart/form-data; boundary=" + boundary_; }

std::shared_ptr<ByteSource> MultipartForm::body() && {
  pieces_.push_back(sourceOf("--" + boundary_ + "--\r\n"));
  return concatenated(std::move(pieces_));
}

}  // namespace mooring::http
