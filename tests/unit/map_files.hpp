#pragma once

#include <mooring/provider.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mooring::test {

/// A sandbox of nothing but files, which says whatever a test makes it say.
class MapFiles final : public Provider, public LifecycleApi, public CommandsApi, public FilesApi {
 public:
  struct Node {
    FileType type = FileType::file;
    std::string bytes = {};
    int mode = 0644;
    std::string target = {};
    std::string name = {};  ///< What the listing calls it, where that is a lie.
  };
  std::map<std::string, Node> nodes = {{"/t", {.type = FileType::directory, .mode = 0755}}};
  std::vector<std::string> calls;
  std::function<Result<void>(const std::string& path)> beforeRead = [](const auto&) {
    return Result<void>();
  };
  std::size_t readAtMost = std::string::npos;  ///< Of each uploaded file.

  std::optional<Error> failNext;   ///< The next read, write or listing does nothing but fail so.
  std::optional<Error> breakNext;  ///< The next write fails so after its source was read once.
  int attached = 0;

  std::string_view name() const override { return "map"; }
  const CapabilityTable& capabilities() const override { return capabilities_; }
  Result<void> validate(const SandboxConfig&) const override { return {}; }
  LifecycleApi& lifecycle() override { return *this; }
  CommandsApi& commands() override { return *this; }
  FilesApi& files() override { return *this; }
  Task<std::vector<Finding>> diagnose(CallOptions) override { return no<std::vector<Finding>>(); }

  Task<Instance> provision(ProvisionRequest, CallOptions) override { return no<Instance>(); }
  Task<std::optional<Instance>> find(std::string, CallOptions) override {
    return no<std::optional<Instance>>();
  }
  Task<std::optional<Instance>> inspect(ExternalSandboxId, CallOptions) override {
    return no<std::optional<Instance>>();
  }
  Task<Attachment> attach(Instance instance, CallOptions) override {
    ++attached;
    Attachment attachment;
    attachment.instance = std::move(instance);
    co_return attachment;
  }
  Task<void> stop(Instance, CallOptions) override { return no<void>(); }
  Task<void> destroy(Instance, CallOptions) override { return no<void>(); }
  Task<InstancePage> list(std::string, std::string, CallOptions) override { return no<InstancePage>(); }
  Task<void> extend(Instance, std::chrono::milliseconds, CallOptions) override { return no<void>(); }
  Task<CommandEnd> run(Instance, CommandSpec, RunObserver&, CallOptions) override { return no<CommandEnd>(); }

  Task<void> read(
      Instance, SandboxPath path, std::uint64_t, std::shared_ptr<ByteSink> sink, CallOptions) override {
    if (auto error = std::exchange(failNext, std::nullopt)) co_return std::unexpected(*error);
    auto bytes = nodes.at(path.value).bytes;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
      auto fine = beforeRead(path.value);
      if (!fine) co_return fine;
      const auto piece = bytes.substr(at, 3);
      auto written = co_await sink->write(asBytes(piece));
      if (!written) co_return written;
    }
    co_return beforeRead(path.value);
  }
  Task<void> write(Instance,
                   SandboxPath path,
                   std::shared_ptr<ByteSource> source,
                   WriteOptions options,
                   CallOptions) override {
    calls.push_back("write " + path.value);
    if (auto error = std::exchange(failNext, std::nullopt)) co_return std::unexpected(*error);
    std::string bytes;
    std::vector<std::byte> buffer(5);
    while (bytes.size() < readAtMost) {
      auto count = co_await source->read(buffer);
      if (!count) co_return failure(Errc::outcomeUnknown, "the upload broke off");
      if (auto error = std::exchange(breakNext, std::nullopt)) co_return std::unexpected(*error);
      if (*count == 0) break;
      bytes += asText(std::span(buffer).first(*count));
    }
    Node node{.bytes = std::move(bytes), .mode = options.mode.value_or(0644)};
    nodes[path.value] = std::move(node);
    co_return Result<void>();
  }
  Task<std::vector<FileInfo>> list(Instance, SandboxPath path, CallOptions) override {
    if (auto error = std::exchange(failNext, std::nullopt)) co_return std::unexpected(*error);
    const auto found = nodes.find(path.value);
    if (found == nodes.end()) co_return failure(Errc::notFound, "no such directory");
    if (found->second.type != FileType::directory) co_return failure(Errc::invalidArgument, "no directory");
    std::vector<FileInfo> entries;
    for (const auto& [name, node] : nodes) {
      if (std::filesystem::path(name).parent_path() == path.value) entries.push_back(infoOf(name, node));
    }
    co_return entries;
  }
  Task<FileInfo> stat(Instance, SandboxPath path, CallOptions) override {
    const auto found = nodes.find(path.value);
    if (found == nodes.end()) co_return failure(Errc::notFound, "no such file");
    co_return infoOf(found->first, found->second);
  }
  Task<void> makeDirectory(Instance, SandboxPath path, int mode, CallOptions) override {
    calls.push_back("mkdir " + path.value);
    Node node{.type = FileType::directory, .mode = mode};
    nodes[path.value] = std::move(node);
    co_return Result<void>();
  }
  Task<void> remove(Instance, SandboxPath, RemoveMode, CallOptions) override { return no<void>(); }
  Task<void> move(Instance, SandboxPath, SandboxPath, CallOptions) override { return no<void>(); }
  Task<void> setMode(Instance, SandboxPath path, int mode, CallOptions) override {
    calls.push_back("chmod " + path.value);
    nodes[path.value].mode = mode;
    co_return Result<void>();
  }

 private:
  template <class T>
  static Task<T> no() {
    co_return failure(Errc::unsupported, "files only");
  }
  static FileInfo infoOf(const std::string& path, const Node& node) {
    FileInfo info;
    info.name = node.name.empty() ? std::filesystem::path(path).filename().string() : node.name;
    info.type = node.type;
    info.size = node.bytes.size();
    info.mode = node.mode;
    info.linkTarget = node.target;
    return info;
  }

  CapabilityTable capabilities_;
};

}  // namespace mooring::test
