#include <mooring/http/parsers/tar.hpp>

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <deque>
#include <iterator>

namespace mooring::http {

namespace {

struct FreeArchive {
  void operator()(archive* what) const { archive_write_free(what); }
};
struct FreeEntry {
  void operator()(archive_entry* what) const { archive_entry_free(what); }
};

la_ssize_t collect(archive*, void* self, const void* data, std::size_t size) {
  static_cast<std::string*>(self)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

Task<std::optional<TarItem>> takeFirst(std::shared_ptr<std::deque<TarItem>> items) {
  if (items->empty()) co_return std::optional<TarItem>();
  std::optional<TarItem> first = std::move(items->front());
  items->pop_front();
  co_return first;
}

/// libarchive writes into a buffer, which readers empty before more is made.
class TarSource final : public ByteSource {
 public:
  TarSource(TarItems items, TarCompression compression)
      : items_(std::move(items)), archive_(archive_write_new()) {
    archive_write_set_format_pax_restricted(archive_.get());  // ustar, and pax records for what does not fit.
    if (compression == TarCompression::gzip) archive_write_add_filter_gzip(archive_.get());
    // The same files give the same bytes; the quickest level, because networks are faster than the best.
    archive_write_set_options(
        archive_.get(),
        compression == TarCompression::gzip ? "gzip:!timestamp,gzip:compression-level=1" : nullptr);
    archive_write_set_bytes_per_block(archive_.get(), 0);
    ready_ = archive_write_open(archive_.get(), &made_, nullptr, collect, nullptr) == ARCHIVE_OK;
  }

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    if (!ready_) co_return failure(Errc::internal, "libarchive cannot be set up");
    while (given_ == made_.size()) {
      made_.clear();
      given_ = 0;
      if (closed_) co_return std::size_t{0};
      auto more = co_await make();
      if (!more) co_return std::unexpected(std::move(more).error());
    }
    const auto count = std::min(buffer.size(), made_.size() - given_);
    std::copy_n(asBytes(made_).begin() + static_cast<std::ptrdiff_t>(given_), count, buffer.begin());
    given_ += count;
    co_return count;
  }

 private:
  /// One step: a header, a piece of content, or the end.
  Task<void> make() {
    if (!inside_) {
      auto next = co_await items_();
      if (!next) co_return std::unexpected(std::move(next).error());
      if (*next) co_return begin(std::move(**next));
      closed_ = true;
      if (archive_write_close(archive_.get()) != ARCHIVE_OK) co_return problem("the archive's end");
      co_return Result<void>();
    }
    auto& item = item_;
    if (!item.content) {
      if (item.entry.type == FileType::file && item.entry.size > 0) co_return wrongSize(item, 0);
      co_return end();
    }
    auto count = co_await item.content->read(std::as_writable_bytes(std::span(piece_)));
    if (!count) co_return std::unexpected(withContext(std::move(count).error(), item.entry.path));
    if (*count == 0) {
      if (written_ != item.entry.size) co_return wrongSize(item, written_);
      co_return end();
    }
    written_ += *count;
    if (written_ > item.entry.size) co_return wrongSize(item, written_);
    if (archive_write_data(archive_.get(), piece_.data(), *count) != static_cast<la_ssize_t>(*count)) {
      co_return problem(item.entry.path);
    }
    co_return Result<void>();
  }

  Result<void> begin(TarItem next) {
    item_ = std::move(next);
    const auto& item = item_;
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), item.entry.path.c_str());
    archive_entry_set_perm(entry.get(), static_cast<__LA_MODE_T>(item.entry.mode));
    archive_entry_set_mtime(entry.get(), item.entry.modifiedAt, 0);
    switch (item.entry.type) {
      case FileType::file:
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(item.entry.size));
        break;
      case FileType::directory:
        archive_entry_set_filetype(entry.get(), AE_IFDIR);
        archive_entry_set_size(entry.get(), 0);
        break;
      case FileType::symlink:
        archive_entry_set_filetype(entry.get(), AE_IFLNK);
        archive_entry_set_symlink(entry.get(), item.entry.linkTarget.c_str());
        break;
      case FileType::other:
        return failure(Errc::invalidArgument,
                       item.entry.path + " is neither a file, a directory nor a symlink");
    }
    const bool bad = item.entry.path.empty() || item.entry.path.find('\0') != std::string::npos;
    if (bad) return failure(Errc::invalidArgument, "a path in an archive is empty or contains a NUL");
    if (archive_write_header(archive_.get(), entry.get()) < ARCHIVE_WARN) return problem(item.entry.path);
    inside_ = true;
    written_ = 0;
    return {};
  }

  Result<void> end() {
    item_.content.reset();
    inside_ = false;
    if (archive_write_finish_entry(archive_.get()) < ARCHIVE_WARN) return problem(item_.entry.path);
    return {};
  }

  Result<void> problem(const std::string& what) {
    const char* words = archive_error_string(archive_.get());
    return failure(Errc::invalidArgument,
                   what + " cannot be put into an archive: " + (words ? words : "unknown reason"));
  }

  static Result<void> wrongSize(const TarItem& item, std::uint64_t size) {
    return failure(Errc::invalidArgument,
                   item.entry.path + " changed its size while it was read: " + std::to_string(size) +
                       " bytes instead of " + std::to_string(item.entry.size));
  }

  TarItems items_;
  TarItem item_ = {};  ///< The one that is being written, when inside_.
  std::string made_;
  std::unique_ptr<archive, FreeArchive> archive_;  // Before made_ in destruction: closing it may write.
  std::array<char, std::size_t{64} * 1024> piece_{};
  std::size_t given_ = 0;
  std::uint64_t written_ = 0;
  bool ready_ = false;
  bool inside_ = false;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<ByteSource> tarOf(TarItems items, TarCompression compression) {
  return std::make_shared<TarSource>(std::move(items), compression);
}

std::shared_ptr<ByteSource> tarOf(std::vector<TarItem> items, TarCompression compression) {
  auto left = std::make_shared<std::deque<TarItem>>(std::make_move_iterator(items.begin()),
                                                    std::make_move_iterator(items.end()));
  TarItems next = [left]() -> Task<std::optional<TarItem>> { return takeFirst(left); };
  return tarOf(std::move(next), compression);
}

}  // namespace mooring::http
