// One change of a sandbox (or of the volumes) at a time, among all processes of this machine.
#pragma once

#include "site.hpp"

#include <filesystem>
#include <string>

namespace mooring::local {

/// Held until it is dropped, or its process ends.
class Lock {
 public:
  /// Nothing when somebody else holds it. Errors: permissionDenied and so on.
  static Result<std::optional<Lock>> tryTake(const Layout& layout, const std::string& name);

  /// Also deletes the lock's file: for a sandbox that is no more.
  void removeFile();

 private:
  Descriptor file_;
  std::filesystem::path path_;
};

/// Waits for it. Cancellable.
Task<Lock> takeLock(SitePtr site, std::string name);

/// Name of the lock around volumes and who uses them; no sandbox can be called so.
inline constexpr const char* volumesLock = "VOLUMES";

}  // namespace mooring::local
