#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::test {

/// A directory of its own under the system's temporary one, removed with all in it. Move-only.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// The whole file; throws std::runtime_error when there is none.
std::string readFile(const std::filesystem::path& path);
/// Missing parents are made; throws std::runtime_error when that fails.
void writeFile(const std::filesystem::path& path, std::string_view bytes);
/// Files under `root` whose raw bytes contain `needle`, wherever in the file it is.
std::vector<std::filesystem::path> filesContaining(const std::filesystem::path& root,
                                                   std::string_view needle);

}  // namespace mooring::test
