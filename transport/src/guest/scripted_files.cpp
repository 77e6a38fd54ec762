#include <mooring/guest/file_scripts.hpp>
#include <mooring/guest/scripted_files.hpp>
#include <mooring/guest/staging.hpp>

#include <spdlog/fmt/fmt.h>

namespace mooring::guest {

namespace {

std::string about(const char* verb, const SandboxPath& path) { return std::string(verb) + " " + path.value; }

Error named(Error error, std::string_view what) {
  error.message = fmt::format("cannot {}: {}", what, error.message);
  return error;
}

bool reachedNothing(const Error& error) { return error.code == Errc::gone || error.code == Errc::notRunning; }

/// For scripts whose exit code is all they say.
Task<void> justDone(Task<Printed> call) {
  auto done = co_await std::move(call);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

}  // namespace

Task<Printed> ScriptedFiles::call(Instance instance,
                                  std::string_view script,
                                  std::vector<std::string> args,
                                  std::string what,
                                  CallOptions options) {
  auto printed = co_await run(std::move(instance), script, std::move(args), std::move(options));
  if (!printed) co_return std::unexpected(named(std::move(printed).error(), what));
  if (auto fine = checkPrinted(*printed, what); !fine) co_return std::unexpected(std::move(fine).error());
  co_return printed;
}

Task<void> ScriptedFiles::writeMany(Instance instance,
                                    std::function<std::optional<FileUpload>()> next,
                                    CallOptions options) {
  const auto directory = newDirectory();
  auto staging = std::make_shared<Staging>(directory, std::move(next));
  auto items = Staging::items(staging);
  auto sent = co_await bring(instance, directory, std::move(items), options);
  std::vector<std::string> args{directory};
  if (!sent || staging->count() == 0) {
    // Best effort: what is left bears our name.
    const CallOptions unlimited;
    constexpr std::string_view clean = R"(rm -rf -- "$1" "$1".*)";
    if (sent || !reachedNothing(sent.error()))
      co_await run(std::move(instance), clean, std::move(args), unlimited);
    co_return sent;
  }
  auto placing = call(std::move(instance), placeScript(), std::move(args), "write files", std::move(options));
  co_return co_await justDone(std::move(placing));
}

Task<void> ScriptedFiles::write(Instance instance,
                                SandboxPath path,
                                std::shared_ptr<ByteSource> source,
                                WriteOptions options,
                                CallOptions call) {
  auto upload = std::make_shared<std::optional<FileUpload>>();
  upload->emplace(FileUpload{std::move(path), std::move(source), options});
  std::function<std::optional<FileUpload>()> once = [upload]() {
    return std::exchange(*upload, std::nullopt);
  };
  return writeMany(std::move(instance), std::move(once), std::move(call));
}

Task<std::vector<FileInfo>> ScriptedFiles::list(Instance instance, SandboxPath path, CallOptions options) {
  options.idempotent = true;
  std::vector<std::string> args{plainPath(path)};
  auto printed = co_await call(
      std::move(instance), file_scripts::list, std::move(args), about("list", path), std::move(options));
  if (!printed) co_return std::unexpected(std::move(printed).error());
  co_return readListing(printed->out);
}

Task<FileInfo> ScriptedFiles::stat(Instance instance, SandboxPath path, CallOptions options) {
  options.idempotent = true;
  const auto what = about("look at", path);
  std::vector<std::string> args{plainPath(path)};
  auto printed = co_await call(
      std::move(instance), file_scripts::stat, std::move(args), what, std::move(options));
  if (!printed) co_return std::unexpected(std::move(printed).error());
  auto entries = readListing(printed->out);
  if (!entries) co_return std::unexpected(std::move(entries).error());
  if (entries->size() != 1)
    co_return failure(Errc::corrupted, "cannot " + what + ": the answer is not about it");
  co_return std::move(entries->front());
}

Task<void> ScriptedFiles::makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions options) {
  options.idempotent = true;
  std::vector<std::string> args{plainPath(path), fmt::format("{:o}", mode)};
  return justDone(call(std::move(instance),
                       file_scripts::makeDirectory,
                       std::move(args),
                       about("make directory", path),
                       std::move(options)));
}

Task<void> ScriptedFiles::remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions options) {
  std::vector<std::string> args{plainPath(path), mode == RemoveMode::tree ? "tree" : "file"};
  return justDone(call(
      std::move(instance), file_scripts::remove, std::move(args), about("remove", path), std::move(options)));
}

Task<void> ScriptedFiles::move(Instance instance, SandboxPath from, SandboxPath to, CallOptions options) {
  std::vector<std::string> args{plainPath(from), plainPath(to)};
  return justDone(call(std::move(instance),
                       file_scripts::move,
                       std::move(args),
                       about("move", from) + " to " + to.value,
                       std::move(options)));
}

Task<void> ScriptedFiles::setMode(Instance instance, SandboxPath path, int mode, CallOptions options) {
  options.idempotent = true;
  std::vector<std::string> args{plainPath(path), fmt::format("{:o}", mode)};
  return justDone(call(std::move(instance),
                       file_scripts::setMode,
                       std::move(args),
                       about("set the mode of", path),
                       std::move(options)));
}

}  // namespace mooring::guest
