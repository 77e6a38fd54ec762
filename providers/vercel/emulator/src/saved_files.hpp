// Snapshots are archives of what a machine has on its disk, its home and /var/tmp, kept outside of it.
#pragma once

#include <mooring/emulation/machines.hpp>

#include <filesystem>
#include <string>

namespace mooring::vercel::emulated {

/// A folder for archives, removed with all in it.
class ArchiveFolder {
 public:
  explicit ArchiveFolder(std::filesystem::path folder);
  ~ArchiveFolder();
  ArchiveFolder(const ArchiveFolder&) = delete;
  ArchiveFolder& operator=(const ArchiveFolder&) = delete;

  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return folder_ / (name + ".tar");
  }

 private:
  std::filesystem::path folder_;
};

/// Writes the files of a machine that has stopped, without its volumes, to `archive`. It runs afterwards.
/// Gives the size. Errors: internal.
Task<std::uint64_t> saveFiles(emulation::MachinePtr machine, std::filesystem::path archive);

/// Gives them to a new machine, whose home is in the same place. Errors: internal.
Task<void> restoreFiles(emulation::MachinePtr machine, std::filesystem::path archive);

}  // namespace mooring::vercel::emulated
