#include "files.hpp"

#include "errors.hpp"
#include "files/download.hpp"
#include "files/listing.hpp"
#include "run/scripts.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

namespace mooring::daytona {

namespace {

std::string modeWord(int mode) { return fmt::format("{:05o}", mode); }

std::string lastPart(const SandboxPath& path) {
  auto text = argument(path);
  if (text != "/") text.erase(0, text.rfind('/') + 1);
  return text;
}

std::shared_ptr<ByteSource> noInput() { return nullptr; }

}  // namespace

Task<void> Files::read(Instance instance,
                       SandboxPath path,
                       std::uint64_t offset,
                       std::shared_ptr<ByteSink> sink,
                       CallOptions call) {
  if (auto fine = checkPath(path); !fine) co_return fine;
  auto place = at(std::move(instance), std::move(call));
  co_return co_await downloadFile(std::move(place), std::move(path), offset, std::move(sink));
}

Task<void> Files::write(Instance instance,
                        SandboxPath path,
                        std::shared_ptr<ByteSource> source,
                        WriteOptions options,
                        CallOptions call) {
  auto once = std::make_shared<bool>(false);
  std::function<std::optional<FileUpload>()> next =
      [once, path, source, options]() -> std::optional<FileUpload> {
    if (std::exchange(*once, true)) return std::nullopt;
    return FileUpload{path, source, options};
  };
  co_return co_await writeMany(std::move(instance), std::move(next), std::move(call));
}

Task<void> Files::writeMany(Instance instance,
                            std::function<std::optional<FileUpload>()> next,
                            CallOptions call) {
  auto place = at(std::move(instance), std::move(call));
  co_return co_await uploadFiles(std::move(place), std::move(next), limits_);
}

Task<std::vector<FileInfo>> Files::list(Instance instance, SandboxPath path, CallOptions call) {
  if (auto fine = checkPath(path); !fine) co_return std::unexpected(std::move(fine).error());
  auto place = at(std::move(instance), std::move(call));
  std::vector<std::string> args{argument(path)};
  auto printed = co_await callShell(
      std::move(place), scripts::list, std::move(args), noInput(), Effect::none);
  if (!printed) co_return std::unexpected(std::move(printed).error());
  if (printed->exitCode != 0) co_return fileFailure("list", path.value, printed->err, Errc::invalidArgument);
  co_return readListing(printed->out);
}

Task<FileInfo> Files::stat(Instance instance, SandboxPath path, CallOptions call) {
  if (auto fine = checkPath(path); !fine) co_return std::unexpected(std::move(fine).error());
  auto place = at(std::move(instance), std::move(call));
  std::vector<std::string> args{argument(path)};
  auto printed = co_await callShell(
      std::move(place), scripts::stat, std::move(args), noInput(), Effect::none);
  if (!printed) co_return std::unexpected(std::move(printed).error());
  if (printed->exitCode != 0) co_return fileFailure("look at", path.value, printed->err);
  co_return readStat(printed->out, lastPart(path));
}

Task<void> Files::makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) {
  if (auto fine = checkPath(path); !fine) co_return fine;
  auto place = at(std::move(instance), std::move(call));
  std::vector<std::string> args{argument(path), modeWord(mode)};
  auto made = co_await callShell(
      std::move(place), scripts::mkdir, std::move(args), noInput(), Effect::changes);
  if (!made) co_return std::unexpected(std::move(made).error());
  if (made->exitCode != 0) co_return fileFailure("make the directory", path.value, made->err, Errc::conflict);
  co_return Result<void>();
}

Task<void> Files::remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) {
  if (auto fine = checkPath(path); !fine) co_return fine;
  auto place = at(std::move(instance), std::move(call));
  std::vector<std::string> args{argument(path), mode == RemoveMode::tree ? "tree" : "file"};
  auto removed = co_await callShell(
      std::move(place), scripts::remove, std::move(args), noInput(), Effect::changes);
  if (!removed) co_return std::unexpected(std::move(removed).error());
  if (removed->exitCode != 0) co_return fileFailure("remove", path.value, removed->err);
  co_return Result<void>();
}

Task<void> Files::move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) {
  if (auto fine = checkPath(from); !fine) co_return fine;
  if (auto fine = checkPath(to); !fine) co_return fine;
  auto place = at(std::move(instance), std::move(call));
  std::vector<std::string> args{"-fT", "--", argument(from), argument(to)};
  auto moved = co_await callProgram(std::move(place), "mv", std::move(args), noInput(), Effect::changes);
  if (!moved) co_return std::unexpected(std::move(moved).error());
  // Nor does rename(2) mind.
  const bool same = moved->err.find("are the same file") != std::string::npos;
  if (moved->exitCode != 0 && !same)
    co_return fileFailure("move", from.value + " to " + to.value, moved->err);
  co_return Result<void>();
}

Task<void> Files::setMode(Instance instance, SandboxPath path, int mode, CallOptions call) {
  if (auto fine = checkPath(path); !fine) co_return fine;
  auto place = at(std::move(instance), std::move(call));
  std::vector<std::string> args{modeWord(mode), "--", argument(path)};
  auto set = co_await callProgram(std::move(place), "chmod", std::move(args), noInput(), Effect::changes);
  if (!set) co_return std::unexpected(std::move(set).error());
  if (set->exitCode != 0) co_return fileFailure("set the mode of", path.value, set->err);
  co_return Result<void>();
}

}  // namespace mooring::daytona
