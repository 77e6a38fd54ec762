// Snapshots are archives of a machine's home, kept outside of it.
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

/// Writes the home of a machine that has stopped, without its volumes, to `archive`. It runs afterwards.
/// Gives the size. Errors: internal.
Task<std::uint64_t> saveHome(emulation::MachinePtr machine, std::filesystem::path archive);

/// Fills the home of a new machine. Errors: internal.
Task<void> restoreHome(emulation::MachinePtr machine, std::filesystem::path archive);

}  // namespace mooring::vercel::emulated
