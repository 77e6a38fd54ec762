// Files of a sandbox. docs/decisions/0007-daytona-run.md says why most calls are small scripts.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"
#include "files/shell_call.hpp"
#include "files/upload.hpp"
#include "run/spent.hpp"

#include <memory>

namespace mooring::daytona {

class Files final : public FilesApi {
 public:
  explicit Files(AccountPtr account, UploadLimits limits = UploadLimits())
      : account_(std::move(account)), limits_(limits) {}

  Task<void> read(Instance instance,
                  SandboxPath path,
                  std::uint64_t offset,
                  std::shared_ptr<ByteSink> sink,
                  CallOptions call) override;
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

 private:
  [[nodiscard]] FilePlace at(Instance instance, CallOptions call) const {
    return {.account = account_, .spent = spent_, .instance = std::move(instance), .call = std::move(call)};
  }

  AccountPtr account_;
  UploadLimits limits_;
  std::shared_ptr<SpentRuns> spent_ = std::make_shared<SpentRuns>();
};

}  // namespace mooring::daytona
