// The steps about files, trees and volumes.
#include "smoke/walk.hpp"

#include <spdlog/fmt/fmt.h>

#include <fstream>
#include <iterator>

namespace fs = std::filesystem;

namespace mooring::cli::smoke {

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

std::string allBytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

std::string contentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Result<void> runIn(const Sandbox& sandbox, const std::string& script, const CallOptions& call) {
  Command command;
  command.program = "sh";
  command.args = {"-c", script};
  command.timeouts.total = std::chrono::minutes(1);
  auto result = sandbox.run(std::move(command), call).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->exitCode != 0) return wrong("`" + script + "` failed: " + result->err.text);
  return {};
}

/// One sandbox with the volume, for one script.
Result<void> withVolume(World& world, const std::string& volume, const std::string& script) {
  SandboxConfig config;
  config.provider = world.provider;
  config.purpose = "smoke";
  config.volumes = {{.name = volume, .mountPath = "/mnt/smoke"}};
  auto sandbox = world.service.create(config, world.call).get();
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  const auto done = runIn(*sandbox, script, world.call);
  auto destroyed = sandbox->destroy(world.call).get();
  if (!done) return done;
  if (!destroyed) return std::unexpected(std::move(destroyed).error());
  return {};
}

}  // namespace

Found writeAndReadFiles(World& world) {
  const auto files = world.sandbox->files();
  const auto& call = world.call;
  const auto bytes = allBytes();
  constexpr int mode = 0750;
  WriteOptions options;
  options.mode = mode;
  if (auto done = files.write("smoke-dir/deep/file", bytes, options, call).get(); !done)
    return std::unexpected(std::move(done).error());
  auto read = files.read("smoke-dir/deep/file", megabyte, call).get();
  if (!read) return std::unexpected(std::move(read).error());
  if (*read != bytes) return wrong("a file came back changed");
  auto info = files.stat("smoke-dir/deep/file", call).get();
  if (!info) return std::unexpected(std::move(info).error());
  if (info->size != bytes.size() || info->mode != mode) return wrong("a file has another size or mode");
  if (auto done = files.move("smoke-dir/deep/file", "smoke-dir/moved", call).get(); !done)
    return std::unexpected(std::move(done).error());
  auto listed = files.list("smoke-dir", call).get();
  if (!listed) return std::unexpected(std::move(listed).error());
  if (listed->size() != 2) return wrong("a directory has other entries than were made");
  if (auto done = files.remove("smoke-dir", RemoveMode::tree, call).get(); !done)
    return std::unexpected(std::move(done).error());
  const auto missing = files.stat("smoke-dir", call).get();
  if (missing || missing.error().code != Errc::notFound) return wrong("a removed directory is still there");
  return "written, read, listed, moved, removed; all bytes, mode";
}

Found moveTrees(World& world) {
  constexpr int count = 20;
  const auto here = world.scratch / "tree";
  const auto back = world.scratch / "tree-back";
  fs::create_directories(here / "sub");
  for (int i = 0; i < count; ++i)
    std::ofstream(here / (i % 2 == 0 ? "sub" : ".") / std::to_string(i)) << "file " << i;
  std::ofstream(here / "large", std::ios::binary) << std::string(3 * megabyte, 'x');

  const TransferOptions quiet;
  const auto files = world.sandbox->files();
  const auto begun = std::chrono::steady_clock::now();
  auto sent = files.upload(here, "smoke-tree", quiet, world.call).get();
  if (!sent) return std::unexpected(std::move(sent).error());
  auto fetched = files.download("smoke-tree", back, quiet, world.call).get();
  if (!fetched) return std::unexpected(std::move(fetched).error());
  const auto took = std::chrono::steady_clock::now() - begun;
  for (const auto& entry : fs::recursive_directory_iterator(here)) {
    if (!entry.is_regular_file()) continue;
    if (contentOf(back / fs::relative(entry.path(), here)) != contentOf(entry.path()))
      return wrong("a file of a tree came back changed: " + entry.path().filename().string());
  }
  if (auto removed = files.remove("smoke-tree", RemoveMode::tree, world.call).get(); !removed)
    return std::unexpected(std::move(removed).error());
  const auto seconds = std::chrono::duration<double>(took).count();
  return fmt::format(
      "{} files there and back, {:.1f} MiB/s",
      sent->files,
      static_cast<double>(sent->bytes + fetched->bytes) / static_cast<double>(megabyte) / seconds);
}

Found shareVolume(World& world) {
  const auto name = "mooring-smoke-" + world.tag;
  const auto volumes = world.service.volumes(world.provider);
  auto made = volumes.ensure(name, world.call).get();
  if (!made) return std::unexpected(std::move(made).error());
  world.volumes.push_back(name);
  if (auto done = withVolume(world, name, "echo kept >/mnt/smoke/file"); !done)
    return std::unexpected(std::move(done).error());
  if (auto done = withVolume(world, name, "grep -qx kept /mnt/smoke/file"); !done)
    return std::unexpected(std::move(done).error());
  if (auto removed = volumes.remove(name, world.call).get(); !removed)
    return std::unexpected(std::move(removed).error());
  world.volumes.pop_back();
  return "written by one sandbox, read by the next";
}

}  // namespace mooring::cli::smoke
