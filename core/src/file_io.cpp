#include "file_io.hpp"

#include <mooring/blocking.hpp>

#include "tree.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mooring::detail {
namespace {

Errc codeOf(int number) {
  switch (number) {
    case ENOENT:
      return Errc::notFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::permissionDenied;
    case ENAMETOOLONG:
    case EINVAL:
      return Errc::invalidArgument;
    case EEXIST:
    case EISDIR:
    case ENOTDIR:
    case ENOTEMPTY:
    case ELOOP:
      return Errc::conflict;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Errc::quotaExceeded;
    default:
      return Errc::unavailable;
  }
}

/// Reads until `target` is full or the file ends.
Result<std::size_t> readFully(int descriptor, std::span<std::byte> target, const std::string& path) {
  std::size_t done = 0;
  while (done < target.size()) {
    const auto count = ::read(descriptor, target.data() + done, target.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(systemError(errno, "read", path));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<struct stat> statOf(int descriptor, const std::string& path) {
  struct stat facts = {};
  if (::fstat(descriptor, &facts) != 0) return std::unexpected(systemError(errno, "look at", path));
  return facts;
}

/// Those of /proc say 0 and have bytes all the same.
bool lies(int descriptor) {
  std::byte probe{};
  return ::pread(descriptor, &probe, 1, 0) > 0;
}

}  // namespace

int FileHandle::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  return descriptor >= 0 && ::close(descriptor) != 0 && errno != EINTR ? errno : 0;
}

Error systemError(int number, std::string_view doing, const std::string& path) {
  return makeError(codeOf(number),
                   fmt::format("cannot {} {}: {}", doing, path, std::generic_category().message(number)));
}

Result<OpenedFile> openLocalFile(const std::filesystem::path& path, Follow follow) {
  // Without O_NONBLOCK, opening a fifo would wait for its other end for ever.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow == Follow::no ? O_NOFOLLOW : 0);
  FileHandle handle(::open(path.c_str(), flags));
  if (!handle && errno == ENXIO)
    return failure(Errc::invalidArgument, path.string() + " is not a regular file");
  if (!handle) return std::unexpected(systemError(errno, "open", path.string()));
  auto facts = statOf(handle.get(), path.string());
  if (!facts) return std::unexpected(std::move(facts).error());
  if (!S_ISREG(facts->st_mode))
    return failure(Errc::invalidArgument, path.string() + " is not a regular file");
  OpenedFile opened;
  opened.facts.path = path;
  opened.facts.mode = static_cast<int>(facts->st_mode & 0777U);
  opened.facts.modified = facts->st_mtim;
  if (facts->st_size > 0 || !lies(handle.get()))
    opened.facts.size = static_cast<std::uint64_t>(facts->st_size);
  opened.handle = std::move(handle);
  return opened;
}

Task<std::shared_ptr<ByteSource>> openSource(CorePtr core, std::filesystem::path path) {
  const auto open = [path = std::move(path)] { return openLocalFile(path, Follow::yes); };
  auto opened = co_await runBlocking(core->blockingThreads, open);
  if (!opened) co_return std::unexpected(std::move(opened).error());
  co_return std::make_shared<FileSource>(core->blockingThreads, std::move(*opened));
}

FileSource::FileSource(boost::asio::any_io_executor threads, LocalFile facts)
    : threads_(std::move(threads)), facts_(std::move(facts)) {}

FileSource::FileSource(boost::asio::any_io_executor threads, OpenedFile opened)
    : threads_(std::move(threads)), facts_(std::move(opened.facts)), handle_(std::move(opened.handle)) {}

Task<std::size_t> FileSource::read(std::span<std::byte> buffer) {
  if (failed_) co_return std::unexpected(*failed_);
  if (bufferBegin_ == bufferEnd_) {
    const bool direct = buffer.size() >= fileBufferBytes;
    if (!direct && buffer_.empty()) {
      buffer_.resize(static_cast<std::size_t>(
          std::clamp<std::uint64_t>(facts_.size.value_or(fileBufferBytes), 1, fileBufferBytes)));
    }
    const auto target = direct ? buffer : std::span(buffer_);
    auto job = [self = shared_from_this(), target] { return self->fill(target); };
    auto filled = co_await runBlocking(threads_, std::move(job));
    if (!filled) {
      failed_ = filled.error();
      co_return filled;
    }
    if (direct) co_return filled;
    bufferBegin_ = 0;
    bufferEnd_ = *filled;
  }
  const auto count = std::min(buffer.size(), bufferEnd_ - bufferBegin_);
  std::copy_n(buffer_.data() + bufferBegin_, count, buffer.data());
  bufferBegin_ += count;
  co_return count;
}

Result<std::size_t> FileSource::fill(std::span<std::byte> target) {
  if (!handle_) {
    if (auto opened = openNow(); !opened) return std::unexpected(std::move(opened).error());
  }
  if (facts_.size) {
    const auto left = *facts_.size - offset_;
    target = target.first(static_cast<std::size_t>(std::min<std::uint64_t>(target.size(), left)));
  }
  auto count = readFully(handle_.get(), target, facts_.path.string());
  if (!count) return count;
  offset_ += *count;
  if (!facts_.size) return count;
  if (*count < target.size()) {
    return std::unexpected(changed(fmt::format("it ended after {} of {} bytes", offset_, *facts_.size)));
  }
  if (offset_ == *facts_.size) {
    if (auto same = checkUnchanged(); !same) return std::unexpected(std::move(same).error());
  }
  return count;
}

Result<void> FileSource::openNow() {
  auto opened = openLocalFile(facts_.path, Follow::no);
  if (!opened) return std::unexpected(std::move(opened).error());
  handle_ = std::move(opened->handle);
  return checkUnchanged();
}

Result<void> FileSource::checkUnchanged() const {
  if (!facts_.size) return {};
  auto now = statOf(handle_.get(), facts_.path.string());
  if (!now) return std::unexpected(std::move(now).error());
  const auto size = static_cast<std::uint64_t>(now->st_size);
  if (size != *facts_.size) {
    return std::unexpected(changed(fmt::format("it had {} bytes and has {}", *facts_.size, size)));
  }
  if (now->st_mtim.tv_sec != facts_.modified.tv_sec || now->st_mtim.tv_nsec != facts_.modified.tv_nsec) {
    return std::unexpected(changed("it was written to"));
  }
  return {};
}

Error FileSource::changed(const std::string& how) const {
  return makeError(Errc::conflict,
                   fmt::format("{} changed while it was being sent: {}", facts_.path.string(), how));
}

Result<std::shared_ptr<PartFile>> PartFile::make(std::shared_ptr<const FileHandle> directory,
                                                 std::string temporary,
                                                 std::string name,
                                                 std::string shown) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  FileHandle file(::openat(directory->get(), temporary.c_str(), flags, 0600));
  if (!file) return std::unexpected(systemError(errno, "make", shown));
  return std::make_shared<PartFile>(
      std::move(directory), std::move(file), std::move(temporary), std::move(name), std::move(shown));
}

PartFile::PartFile(std::shared_ptr<const FileHandle> directory,
                   FileHandle file,
                   std::string temporary,
                   std::string name,
                   std::string shown)
    : directory_(std::move(directory)),
      file_(std::move(file)),
      temporary_(std::move(temporary)),
      name_(std::move(name)),
      shown_(std::move(shown)) {}

Result<void> PartFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(systemError(errno, "write", shown_));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> PartFile::commit(int mode) {
  if (::fchmod(file_.get(), static_cast<mode_t>(mode)) != 0) {
    return std::unexpected(systemError(errno, "set the mode of", shown_));
  }
  // Some file systems say only now that there was no room.
  if (const int number = file_.close(); number != 0) {
    return std::unexpected(systemError(number, "write", shown_));
  }
  if (::renameat(directory_->get(), temporary_.c_str(), directory_->get(), name_.c_str()) != 0) {
    return std::unexpected(systemError(errno, "replace", shown_));
  }
  temporary_.clear();
  return {};
}

void PartFile::discard() {
  if (!temporary_.empty()) ::unlinkat(directory_->get(), temporary_.c_str(), 0);
  temporary_.clear();
}

Task<void> FileSink::write(std::span<const std::byte> bytes) {
  if (buffer_.empty() && bytes.size() >= fileBufferBytes) co_return co_await append(bytes);
  while (!bytes.empty()) {
    const auto count = std::min(bytes.size(), fileBufferBytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (buffer_.size() < fileBufferBytes) continue;
    auto flushed = co_await append(buffer_);
    if (!flushed) co_return flushed;
    buffer_.clear();
  }
  co_return Result<void>();
}

Task<void> FileSink::append(std::span<const std::byte> bytes) {
  auto job = [file = file_, bytes] { return file->append(bytes); };
  co_return co_await runBlocking(threads_, std::move(job));
}

Task<void> FileSink::commit(int mode) {
  auto job = [file = file_, rest = std::exchange(buffer_, std::vector<std::byte>()), mode]() -> Result<void> {
    if (auto written = file->append(rest); !written) return written;
    return file->commit(mode);
  };
  co_return co_await runBlocking(threads_, std::move(job));
}

Task<void> FileSink::discard() {
  auto job = [file = file_]() -> Result<void> {
    file->discard();
    return {};
  };
  co_return co_await runBlocking(threads_, std::move(job));
}

}  // namespace mooring::detail
