// Files of this machine as streams. What blocks does so on the blocking threads, never on the loop.
#pragma once

#include <mooring/bytes.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::detail {

/// Bytes moved per trip to the blocking threads, and all that one open file costs in memory.
constexpr std::size_t fileBufferBytes = std::size_t{512} << 10;

/// Owns a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileHandle() { close(); }

  /// What the system said to it; 0 when all is well.
  int close();
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// What the system said while `doing` ("open", "write" …) to `path`.
Error systemError(int number, std::string_view doing, const std::string& path);

/// A regular file of this machine as it was when it was looked at: it must be the same when it has been sent.
struct LocalFile {
  std::filesystem::path path = {};
  std::optional<std::uint64_t> size = {};  ///< Unset for those of /proc and their like, which do not tell.
  int mode = 0;                            ///< Permission bits.
  std::timespec modified = {};
};

/// Whether a symlink at the end of the path may be followed.
enum class Follow { yes, no };

struct OpenedFile {
  LocalFile facts = {};
  FileHandle handle = {};
};

/// Blocks. Errors: notFound, permissionDenied; invalidArgument (not a regular file). All name the path.
Result<OpenedFile> openLocalFile(const std::filesystem::path& path, Follow follow);

/// A local file as a source. A file that changes while it is read fails with `conflict` before its last bytes
/// are given away, so that nobody takes a mixture of two versions for the whole.
class FileSource final : public ByteSource, public std::enable_shared_from_this<FileSource> {
 public:
  /// Opened on the first read: a tree of files waiting for their turn holds no descriptors.
  FileSource(boost::asio::any_io_executor threads, LocalFile facts);
  FileSource(boost::asio::any_io_executor threads, OpenedFile opened);

  Task<std::size_t> read(std::span<std::byte> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return facts_.size; }

 private:
  Result<std::size_t> fill(std::span<std::byte> target);
  Result<void> openNow();
  [[nodiscard]] Result<void> checkUnchanged() const;
  [[nodiscard]] Error changed(const std::string& how) const;

  boost::asio::any_io_executor threads_;
  LocalFile facts_;
  FileHandle handle_;
  std::uint64_t offset_ = 0;       ///< How far the file has been read.
  std::vector<std::byte> buffer_;  ///< For readers whose own buffer is not worth a trip.
  std::size_t bufferBegin_ = 0;
  std::size_t bufferEnd_ = 0;
  std::optional<Error> failed_;
};

/// A file that appears under its name only when it is complete. All members block, but for the destructor of
/// one that was committed or discarded.
class PartFile {
 public:
  /// Makes `temporary` in `directory`, to become `name` there; `shown` is what errors call it.
  static Result<std::shared_ptr<PartFile>> make(std::shared_ptr<const FileHandle> directory,
                                                std::string temporary,
                                                std::string name,
                                                std::string shown);
  PartFile(std::shared_ptr<const FileHandle> directory,
           FileHandle file,
           std::string temporary,
           std::string name,
           std::string shown);
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() { discard(); }

  Result<void> append(std::span<const std::byte> bytes);
  /// Replaces what bears the name; a directory does not let itself be replaced (conflict).
  Result<void> commit(int mode);
  void discard();

 private:
  std::shared_ptr<const FileHandle> directory_;
  FileHandle file_;
  std::string temporary_;  ///< Empty: nothing to be removed.
  std::string name_;
  std::string shown_;
};

/// Writes to a PartFile in large pieces.
class FileSink final : public ByteSink {
 public:
  FileSink(boost::asio::any_io_executor threads, std::shared_ptr<PartFile> file)
      : threads_(std::move(threads)), file_(std::move(file)) {}

  Task<void> write(std::span<const std::byte> bytes) override;
  /// Writes the rest and gives the file its name.
  Task<void> commit(int mode);
  /// Removes what was written.
  Task<void> discard();

 private:
  Task<void> append(std::span<const std::byte> bytes);

  boost::asio::any_io_executor threads_;
  std::shared_ptr<PartFile> file_;
  std::vector<std::byte> buffer_;
};

}  // namespace mooring::detail
