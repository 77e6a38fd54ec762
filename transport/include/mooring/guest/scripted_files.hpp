/// Files of a sandbox where commands run and contents can be brought in, but the provider's own calls about
/// files are not exact.
#pragma once

#include <mooring/guest/file_answers.hpp>
#include <mooring/http/parsers/tar.hpp>
#include <mooring/provider.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mooring::guest {

/// All of FilesApi but read(). Looks and changes are scripts (file_scripts.hpp), so that names may be any
/// bytes and failures have exact reasons. Any number of files go in one upload, and a script then renames
/// everything to its place, so that an old file stays until the new one is whole.
class ScriptedFiles : public FilesApi {
 public:
  Task<void> write(Instance instance,
                   SandboxPath path,
                   std::shared_ptr<ByteSource> source,
                   WriteOptions options,
                   CallOptions call) override;
  Task<void> writeMany(Instance instance,
                       std::function<std::optional<FileUpload>()> next,
                       CallOptions call) override;
  Task<std::vector<FileInfo>> list(Instance instance, SandboxPath path, CallOptions call) override;
  Task<FileInfo> stat(Instance instance, SandboxPath path, CallOptions call) override;
  Task<void> makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) override;
  Task<void> remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) override;
  Task<void> move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) override;
  Task<void> setMode(Instance instance, SandboxPath path, int mode, CallOptions call) override;

 protected:
  /// Runs `script` in POSIX sh, in the C locale, with `args` as $1, $2, … With call.idempotent it may be run
  /// twice.
  virtual Task<Printed> run(Instance instance,
                            std::string_view script,
                            std::vector<std::string> args,
                            CallOptions call) = 0;
  /// Absolute, in the sandbox, and of one upload alone.
  virtual std::string newDirectory() = 0;
  /// Brings `items`, which all lie in `directory`, so far that placeScript() finds them.
  virtual Task<void> bring(Instance instance,
                           std::string directory,
                           http::TarItems items,
                           CallOptions call) = 0;
  /// $1: the directory. Runs its script "place", after whatever has to come before.
  [[nodiscard]] virtual std::string_view placeScript() const = 0;

  /// run(), and an Error of what it says: "cannot <what>: …".
  Task<Printed> call(Instance instance,
                     std::string_view script,
                     std::vector<std::string> args,
                     std::string what,
                     CallOptions call);
};

}  // namespace mooring::guest
