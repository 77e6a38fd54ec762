/// tar archives as streams: read entry by entry, written from sources.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/files.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::http {

struct TarEntry {
  std::string path = {};  ///< As in the archive; not checked. Who unpacks has to refuse "..", "/" and the
                          ///< like.
  FileType type = FileType::file;
  std::uint64_t size = 0;
  int mode = 0644;              ///< Permission bits.
  std::int64_t modifiedAt = 0;  ///< Seconds since 1970.
  std::string linkTarget = {};  ///< Of a symlink; of a hard link too, whose type is `other`.
};

struct TarEvent {
  enum class Kind {
    entry,  ///< `entry` begins.
    data,   ///< Some of its bytes.
    end,    ///< The entry is complete.
    close,  ///< The archive's end mark: nothing is missing.
  };
  Kind kind = Kind::entry;
  TarEntry entry = {};
  std::string_view bytes = {};  ///< Valid until the next push().
};

/// push() bytes, take events with next(), finish() at the end. Reads ustar, pax and GNU long names; not
/// compressed. Sparse files and archives over several volumes are refused.
class TarReader {
 public:
  void push(std::string_view bytes);
  void finish() { finished_ = true; }
  /// Errors: corrupted: no tar archive, a broken header, or cut off. unsupported: sparse or multi-volume.
  Result<std::optional<TarEvent>> next();

 private:
  enum class State { header, extension, data, padding, ended, closed };
  struct Overrides {
    std::optional<std::string> path = {};
    std::optional<std::string> linkTarget = {};
    std::optional<std::uint64_t> size = {};
    std::optional<std::int64_t> modifiedAt = {};
  };
  Result<std::optional<TarEvent>> readHeader();
  Result<std::optional<TarEvent>> readData();
  Result<bool> readExtension();
  Result<bool> readPax(std::string_view records, Overrides& into);
  Result<std::optional<TarEvent>> needMore() const;
  bool skipPadding();
  [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(taken_); }

  std::string buffer_;
  std::size_t taken_ = 0;
  State state_ = State::header;
  bool finished_ = false;
  char extensionType_ = 0;
  std::uint64_t left_ = 0;     ///< Of the entry's data, or of the extension.
  std::uint64_t padding_ = 0;  ///< Up to the next block.
  Overrides global_;
  Overrides next_;
};

enum class TarCompression { none, gzip };

/// What to put into an archive; `content` only for files, and it must give exactly `entry.size` bytes.
struct TarItem {
  TarEntry entry = {};
  std::shared_ptr<ByteSource> content = {};
};

/// The items of an archive, one when the one before is written; nothing at the end.
using TarItems = std::function<Task<std::optional<TarItem>>()>;

/// An archive (ustar, pax where needed) made while it is read: one item at a time, nothing held but a buffer.
/// Errors, when read: those of `items` and of a content; invalidArgument when one is shorter or longer than
/// its size, or for a name that cannot be written. Cost: compression runs where it is read, in pieces of at
/// most 64 KiB.
std::shared_ptr<ByteSource> tarOf(TarItems items, TarCompression compression = TarCompression::none);
std::shared_ptr<ByteSource> tarOf(std::vector<TarItem> items,
                                  TarCompression compression = TarCompression::none);

}  // namespace mooring::http
