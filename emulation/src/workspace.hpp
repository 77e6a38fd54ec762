// Where one emulator keeps what it has on the disk.
#pragma once

#include <mooring/error.hpp>

#include <filesystem>
#include <optional>
#include <vector>

namespace mooring::emulation {

/// A directory that belongs to one emulator while it lives: a lock says so, which the system takes away
/// however that one ends. What was left behind can be told by that from what is in use. Move-only.
class Workspace {
 public:
  /// A new one among the temporary ones, removed with all in it when it is dropped.
  /// Errors: unavailable (none can be made).
  static Result<Workspace> makeTemporary();
  /// This one, which is made when it is missing, and which stays. Errors: conflict (another emulator lives in
  /// it), invalidArgument (it cannot be made or written).
  static Result<Workspace> take(const std::filesystem::path& directory);
  /// The temporary ones of emulators of this user that did not get to their end; removed when they are
  /// dropped, unless keep() is called.
  static std::vector<Workspace> abandoned();

  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&& other) noexcept;
  ~Workspace();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// It stays, with all in it.
  void keep() { temporary_ = false; }

 private:
  Workspace(std::filesystem::path path, int lock, bool temporary)
      : path_(std::move(path)), lock_(lock), temporary_(temporary) {}
  static std::optional<Workspace> takeAbandoned(const std::filesystem::path& directory);
  void drop();

  std::filesystem::path path_;
  int lock_ = -1;
  bool temporary_ = false;
};

}  // namespace mooring::emulation
