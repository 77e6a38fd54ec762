/// Facts about files in a sandbox.
#pragma once

#include <mooring/detail/enum_text.hpp>
#include <mooring/sources.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace mooring {

/// A path inside a sandbox: bytes without NUL. Relative ones start at the sandbox's home. A type of its own,
/// so that a path of this machine does not end up there by mistake.
struct SandboxPath {
  std::string value = {};

  SandboxPath() = default;
  SandboxPath(std::string path)
      : value(std::move(path)) {}                 // NOLINT(google-explicit-constructor): reads like a path
  SandboxPath(const char* path) : value(path) {}  // NOLINT(google-explicit-constructor)
};

enum class FileType { file, directory, symlink, other };

template <>
struct detail::EnumText<FileType> {
  static constexpr std::array entries{
      std::pair{FileType::file, std::string_view("file")},
      std::pair{FileType::directory, std::string_view("directory")},
      std::pair{FileType::symlink, std::string_view("symlink")},
      std::pair{FileType::other, std::string_view("other")},
  };
};

struct FileInfo {
  std::string name = {};  ///< The last part of its path.
  FileType type = FileType::file;
  std::uint64_t size = 0;  ///< Bytes; 0 for what is not a file.
  int mode = 0;            ///< Permission bits, as in 0644.
  std::optional<Timestamp> modifiedAt = {};
  std::string linkTarget = {};  ///< Of a symlink, where the provider tells.
};

struct WriteOptions {
  std::optional<int> mode = {};  ///< Permission bits. Unset: 0644 for a new file; an existing one keeps its
                                 ///< own.
};

enum class RemoveMode { file, tree };

}  // namespace mooring
