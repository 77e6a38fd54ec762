// The sandbox's files, by paths that cannot leave it.
#pragma once

#include "detail/descriptor.hpp"
#include "protocol.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace mooring::local {

/// Resolves paths below one directory. Links of /proc (fd, root, cwd) are never followed: the supervisor
/// holds a directory of the host, and a symlink planted by a sandboxed program would otherwise lead there.
class Tree {
 public:
  /// `home` is where relative paths start; an absolute path that begins with one of `aliases` has that cut
  /// off.
  Tree(Descriptor root, std::string home, std::vector<std::string> aliases)
      : root_(std::move(root)), home_(std::move(home)), aliases_(std::move(aliases)) {}

  /// As openat2(); symlinks end inside the tree. -1 with errno.
  [[nodiscard]] int open(const std::string& path, int flags, mode_t mode = 0) const;

  /// The directory that holds `path` (not followed), opened, and the last part's name. Returns an errno;
  /// EBUSY for the root itself.
  int parentOf(const std::string& path, Descriptor& directory, std::string& name) const;

 private:
  [[nodiscard]] std::string inside(std::string_view path) const;

  Descriptor root_;
  std::string home_;
  std::vector<std::string> aliases_;
};

/// A file being written: invisible (or under a temporary name) until it is committed.
class Upload {
 public:
  /// Makes missing parents. Returns an errno.
  int begin(const Tree& tree, const std::string& path, std::uint32_t mode);
  /// Gives it its name. Returns an errno.
  int commit();
  ~Upload();

  Upload() = default;
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  [[nodiscard]] int file() const { return file_.get(); }

 private:
  Descriptor directory_;
  Descriptor file_;
  std::string name_;
  std::string temporary_;  ///< Where no unnamed file can be made.
  mode_t mode_ = 0;
};

// All return an errno, 0 when done.
int statEntry(const Tree& tree, const std::string& path, protocol::Entry& entry);
int listDirectory(const Tree& tree,
                  const std::string& path,
                  const std::function<void(const protocol::Entry&)>& onEntry);
int openForReading(const Tree& tree, const std::string& path, Descriptor& file, std::uint64_t& size);
int makeDirectory(const Tree& tree, const std::string& path, mode_t mode);
int removeFile(const Tree& tree, const std::string& path);
int removeTree(const Tree& tree, const std::string& path);
int renamePath(const Tree& tree, const std::string& from, const std::string& to);
/// Where a rename would cross file systems: copies, then removes. Waits for it, so call it in a process of
/// its own.
int moveAcross(const Tree& tree, const std::string& from, const std::string& to);
int setMode(const Tree& tree, const std::string& path, mode_t mode);

}  // namespace mooring::local
