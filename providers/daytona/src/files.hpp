// Files of a sandbox.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"

namespace mooring::daytona {

class Files final : public FilesApi {
 public:
  explicit Files(AccountPtr account) : account_(std::move(account)) {}

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
  AccountPtr account_;
};

}  // namespace mooring::daytona
