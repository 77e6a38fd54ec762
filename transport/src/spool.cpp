#include <mooring/blocking.hpp>
#include <mooring/http/sources.hpp>
#include <mooring/http/spool.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace mooring::http {

namespace {

/// A file without a name. All members block, but for the destructor.
class NamelessFile {
 public:
  NamelessFile() = default;
  NamelessFile(const NamelessFile&) = delete;
  NamelessFile& operator=(const NamelessFile&) = delete;
  ~NamelessFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool open(const std::filesystem::path& directory) {
    auto name = (directory / "mooring-spool-XXXXXX").string();
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ >= 0) ::unlink(name.c_str());
    return descriptor_ >= 0;
  }

  /// Whether all of it could be.
  bool write(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      offset += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }

  /// 0 where there should be bytes: it cannot be read.
  std::size_t read(std::uint64_t offset, std::span<std::byte> bytes) {
    for (;;) {
      const auto count = ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return 0;
    }
  }

 private:
  int descriptor_ = -1;
};

/// What has been read of a source, and the source itself, which gives the rest.
class Spool {
 public:
  Spool(std::string head,
        std::shared_ptr<ByteSource> source,
        boost::asio::any_io_executor threads,
        SpoolOptions options)
      : head_(std::move(head)),
        source_(std::move(source)),
        threads_(std::move(threads)),
        options_(std::move(options)),
        taken_(head_.size()) {}

  /// Whether it can be read from its beginning.
  [[nodiscard]] bool whole() const { return whole_; }

  Task<std::size_t> readAt(std::uint64_t offset, std::span<std::byte> buffer) {
    if (offset < head_.size()) {
      const auto piece = asBytes(
          std::string_view(head_).substr(static_cast<std::size_t>(offset), buffer.size()));
      std::ranges::copy(piece, buffer.begin());
      co_return piece.size();
    }
    if (offset < taken_) co_return co_await fromFile(offset, buffer);
    co_return co_await fromSource(buffer);
  }

 private:
  Task<std::size_t> fromFile(std::uint64_t offset, std::span<std::byte> buffer) {
    if (!whole_) co_return failure(Errc::internal, "a body that was not kept was read again");
    const auto there = buffer.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), taken_ - offset)));
    auto read = [file = file_, at = offset - head_.size(), there]() -> Result<std::size_t> {
      return file->read(at, there);
    };
    auto count = co_await runBlocking(threads_, std::move(read));
    if (count && *count == 0) {
      whole_ = false;
      co_return failure(Errc::unavailable, "the file that keeps the request's body cannot be read");
    }
    co_return count;
  }

  Task<std::size_t> fromSource(std::span<std::byte> buffer) {
    if (failed_) co_return std::unexpected(*failed_);
    if (ended_) co_return std::size_t{0};
    auto count = co_await source_->read(buffer);
    if (!count) {
      failed_ = count.error();
      whole_ = false;
      co_return count;
    }
    ended_ = *count == 0;
    if (!ended_) co_await keep(buffer.first(*count));
    co_return count;
  }

  Task<void> keep(std::span<const std::byte> bytes) {
    const auto kept = taken_ - head_.size();
    taken_ += bytes.size();
    if (!whole_) co_return Result<void>();
    whole_ = false;
    if (kept + bytes.size() <= options_.disk) {
      auto write = [file = file_, first = kept == 0, kept, bytes, directory = options_.directory]() {
        if (first && !file->open(directory)) return Result<bool>(false);
        return Result<bool>(file->write(kept, bytes));
      };
      const auto written = co_await runBlocking(threads_, std::move(write));
      whole_ = written && *written;
    }
    if (!whole_) file_.reset();  // What it takes on the disk is free again.
    co_return Result<void>();
  }

  std::string head_;
  std::shared_ptr<ByteSource> source_;
  boost::asio::any_io_executor threads_;
  SpoolOptions options_;
  std::shared_ptr<NamelessFile> file_ = std::make_shared<NamelessFile>();
  std::uint64_t taken_;  ///< Of the source so far.
  bool whole_ = true;    ///< All of that is kept.
  bool ended_ = false;
  std::optional<Error> failed_ = {};
};

class SpoolReader final : public ByteSource {
 public:
  explicit SpoolReader(std::shared_ptr<Spool> spool) : spool_(std::move(spool)) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    auto count = co_await spool_->readAt(offset_, buffer);
    if (count) offset_ += *count;
    co_return count;
  }

 private:
  std::shared_ptr<Spool> spool_;
  std::uint64_t offset_ = 0;
};

}  // namespace

Task<Body> spooled(std::shared_ptr<ByteSource> source,
                   boost::asio::any_io_executor threads,
                   SpoolOptions options) {
  auto head = co_await readUpTo(source, options.memory);
  if (!head) co_return std::unexpected(std::move(head).error());
  if (head->size() < options.memory) co_return Body(std::move(*head));
  if (options.directory.empty()) options.directory = "/var/tmp";
  auto spool = std::make_shared<Spool>(
      std::move(*head), std::move(source), std::move(threads), std::move(options));
  Body::Open open = [spool]() -> Result<std::shared_ptr<ByteSource>> {
    return std::make_shared<SpoolReader>(spool);
  };
  co_return Body::replayable(std::move(open), [spool] { return spool->whole(); });
}

}  // namespace mooring::http
