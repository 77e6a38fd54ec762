#include "tree.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <sys/stat.h>
#include <system_error>

namespace fs = std::filesystem;

namespace mooring::detail {
namespace {

/// Symlinks to directories can multiply a tree without end in a few lines; these end it.
constexpr int deepest = 128;
constexpr std::size_t mostEntries = 4'000'000;

/// The mode that a provider gives to the missing parents of a file, so that those need no call of their own.
constexpr int usualDirectoryMode = 0755;

std::string nameBelow(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

/// Reads a tree without changing it. Symlinks are resolved here, once: what is sent later is opened by its
/// real path.
class TreeReader {
 public:
  explicit TreeReader(fs::path root) : root_(std::move(root)) {}

  Result<void> readDirectory(const fs::path& real, const std::string& relative);
  LocalTree take() { return std::move(tree_); }

 private:
  Result<void> addEntry(const fs::path& parent, const std::string& name, const std::string& relative);
  Result<fs::path> followed(const fs::path& link) const;
  Result<void> enter(const struct stat& facts, const fs::path& real) const;

  fs::path root_;
  LocalTree tree_;
  std::vector<std::pair<dev_t, ino_t>> chain_;  ///< The directories that are being read now.
};

Result<void> TreeReader::enter(const struct stat& facts, const fs::path& real) const {
  if (std::ranges::find(chain_, std::pair(facts.st_dev, facts.st_ino)) != chain_.end()) {
    return failure(Errc::invalidArgument, real.string() + " contains itself by way of a symlink");
  }
  if (chain_.size() > deepest) {
    return failure(Errc::invalidArgument,
                   fmt::format("{} is more than {} directories deep", real.string(), deepest));
  }
  return {};
}

Result<void> TreeReader::readDirectory(const fs::path& real, const std::string& relative) {
  struct stat facts = {};
  if (::lstat(real.c_str(), &facts) != 0)
    return std::unexpected(systemError(errno, "look at", real.string()));
  if (auto fine = enter(facts, real); !fine) return fine;
  chain_.emplace_back(facts.st_dev, facts.st_ino);
  const auto self = tree_.directories.size();
  tree_.directories.push_back(
      LocalDirectory{.relative = relative, .mode = static_cast<int>(facts.st_mode & 0777U)});

  std::error_code ec;
  std::vector<std::string> names;
  for (fs::directory_iterator it(real, ec), end; !ec && it != end; it.increment(ec)) {
    names.push_back(it->path().filename().native());
  }
  if (ec) return std::unexpected(systemError(ec.value(), "list", real.string()));
  std::ranges::sort(names);
  tree_.directories[self].empty = names.empty();
  for (const auto& name : names) {
    if (auto added = addEntry(real, name, nameBelow(relative, name)); !added) return added;
  }
  chain_.pop_back();
  return {};
}

Result<void> TreeReader::addEntry(const fs::path& parent,
                                  const std::string& name,
                                  const std::string& relative) {
  if (tree_.files.size() + tree_.directories.size() >= mostEntries) {
    return failure(Errc::invalidArgument,
                   fmt::format("{} holds more than {} files: upload its parts", root_.string(), mostEntries));
  }
  fs::path path = parent / name;
  struct stat facts = {};
  if (::lstat(path.c_str(), &facts) != 0)
    return std::unexpected(systemError(errno, "look at", path.string()));
  if (S_ISLNK(facts.st_mode)) {
    auto target = followed(path);
    if (!target) return std::unexpected(std::move(target).error());
    if (::lstat(target->c_str(), &facts) != 0)
      return std::unexpected(systemError(errno, "look at", path.string()));
    path = std::move(*target);
  }
  if (S_ISDIR(facts.st_mode)) return readDirectory(path, relative);
  if (!S_ISREG(facts.st_mode)) {
    return failure(Errc::invalidArgument,
                   path.string() + " is neither a file nor a directory and cannot be uploaded");
  }
  // Opened and closed again, so that an unreadable file is named before anything is sent.
  auto opened = openLocalFile(path, Follow::no);
  if (!opened) return std::unexpected(std::move(opened).error());
  tree_.files.push_back(LocalTreeFile{.relative = relative, .facts = std::move(opened->facts)});
  return {};
}

Result<fs::path> TreeReader::followed(const fs::path& link) const {
  std::error_code ec;
  auto target = fs::canonical(link, ec);
  if (ec == std::errc::no_such_file_or_directory || ec == std::errc::not_a_directory) {
    return failure(Errc::invalidArgument, link.string() + " is a symlink that leads nowhere");
  }
  if (ec == std::errc::too_many_symbolic_link_levels) {
    return failure(Errc::invalidArgument, link.string() + " is a symlink that leads in a circle");
  }
  if (ec) return std::unexpected(systemError(ec.value(), "follow", link.string()));
  const auto inside = std::ranges::mismatch(root_, target).in1 == root_.end();
  if (!inside) {
    return failure(
        Errc::invalidArgument,
        fmt::format("{} is a symlink that leaves the tree (to {})", link.string(), target.string()));
  }
  return target;
}

/// What is known of a transfer while it goes on.
struct Sending {
  ProgressCallback progress = {};
  TransferSummary done = {};
  std::uint64_t handedOut = 0;
  std::optional<Error> failed = {};  ///< The first failure on our side, in our words.
};

/// Counts what goes through it.
class CountedSource final : public ByteSource {
 public:
  CountedSource(std::shared_ptr<Sending> sending, std::shared_ptr<ByteSource> inner, std::string shown)
      : sending_(std::move(sending)), inner_(std::move(inner)), shown_(std::move(shown)) {
    ++sending_->handedOut;
    if (sending_->progress) sending_->progress(shown_, 0);
    if (inner_->size() == 0U) complete();
  }

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    auto count = co_await inner_->read(buffer);
    if (!count) {
      if (!sending_->failed) sending_->failed = count.error();
      co_return count;
    }
    bytes_ += *count;
    sending_->done.bytes += *count;
    const bool whole = inner_->size() ? bytes_ == *inner_->size() : *count == 0 && !buffer.empty();
    if (whole) complete();
    if (*count > 0 && sending_->progress) sending_->progress(shown_, bytes_);
    co_return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return inner_->size(); }

 private:
  void complete() {
    if (!std::exchange(complete_, true)) ++sending_->done.files;
  }

  std::shared_ptr<Sending> sending_;
  std::shared_ptr<ByteSource> inner_;
  std::string shown_;
  std::uint64_t bytes_ = 0;
  bool complete_ = false;
};

/// A provider that says all went well has read every file to its end.
Result<TransferSummary> settle(const Sending& sending, Result<void> sent) {
  if (sending.failed) return std::unexpected(*sending.failed);
  if (!sent) return std::unexpected(std::move(sent).error());
  if (sending.done.files != sending.handedOut) {
    return failure(
        Errc::corrupted,
        fmt::format(
            "the provider took only {} of {} files to their end", sending.done.files, sending.handedOut));
  }
  return sending.done;
}

FileUpload uploadOf(const CorePtr& core,
                    const std::shared_ptr<Sending>& sending,
                    LocalTreeFile file,
                    const SandboxPath& to,
                    bool single) {
  FileUpload upload;
  upload.path = single ? to : joined(to, file.relative);
  upload.options.mode = file.facts.mode;
  auto source = std::make_shared<FileSource>(core->blockingThreads, std::move(file.facts));
  upload.source = std::make_shared<CountedSource>(sending, std::move(source), std::move(file.relative));
  return upload;
}

/// Those that will not come into being, as they should be, as the parents of files.
bool needsMaking(const LocalDirectory& directory) {
  return directory.empty || directory.mode != usualDirectoryMode;
}

Task<void> makeDirectories(std::shared_ptr<Provider> provider,
                           Instance instance,
                           std::shared_ptr<LocalTree> tree,
                           SandboxPath to,
                           CallOptions call) {
  for (const auto& directory : tree->directories) {
    if (!needsMaking(directory)) continue;
    if (auto wanted = co_await stillWanted(); !wanted) co_return wanted;
    auto path = joined(to, directory.relative);
    // Writable until all is in it; closeDirectories takes that back.
    auto made = co_await provider->files().makeDirectory(instance, path, directory.mode | 0700, call);
    if (!made) co_return std::unexpected(withContext(std::move(made).error(), path.value));
  }
  co_return Result<void>();
}

Task<void> closeDirectories(std::shared_ptr<Provider> provider,
                            Instance instance,
                            std::shared_ptr<LocalTree> tree,
                            SandboxPath to,
                            CallOptions call) {
  for (const auto& directory : tree->directories | std::views::reverse) {
    if ((directory.mode & 0700) == 0700) continue;
    auto path = joined(to, directory.relative);
    auto done = co_await provider->files().setMode(instance, path, directory.mode, call);
    if (!done) co_return std::unexpected(withContext(std::move(done).error(), path.value));
  }
  co_return Result<void>();
}

Task<void> sendFiles(CorePtr core,
                     std::shared_ptr<Provider> provider,
                     Instance instance,
                     std::shared_ptr<LocalTree> tree,
                     SandboxPath to,
                     std::shared_ptr<Sending> sending,
                     CallOptions call) {
  if (tree->files.empty()) co_return Result<void>();
  if (tree->single) {
    auto upload = uploadOf(core, sending, tree->files.front(), to, true);
    co_return co_await provider->files().write(instance, upload.path, upload.source, upload.options, call);
  }
  auto next = [core, sending, tree, to, index = std::size_t{0}]() mutable -> std::optional<FileUpload> {
    if (index == tree->files.size()) return std::nullopt;
    return uploadOf(core, sending, std::move(tree->files[index++]), to, false);
  };
  std::function<std::optional<FileUpload>()> files = std::move(next);
  co_return co_await provider->files().writeMany(instance, std::move(files), call);
}

}  // namespace

SandboxPath joined(const SandboxPath& directory, std::string_view name) {
  if (name.empty()) return directory;
  std::string path = directory.value;
  if (!path.ends_with('/')) path += '/';
  path += name;
  return path;
}

Result<LocalTree> readLocalTree(const fs::path& from) {
  std::error_code ec;
  const auto root = fs::canonical(from, ec);
  if (ec) return std::unexpected(systemError(ec.value(), "open", from.string()));
  if (fs::is_directory(root, ec)) {
    TreeReader reader(root);
    if (auto read = reader.readDirectory(root, ""); !read) return std::unexpected(std::move(read).error());
    return reader.take();
  }
  auto opened = openLocalFile(root, Follow::no);
  if (!opened) return std::unexpected(std::move(opened).error());
  LocalTree tree;
  tree.single = true;
  tree.files.push_back(
      LocalTreeFile{.relative = from.filename().string(), .facts = std::move(opened->facts)});
  return tree;
}

Task<TransferSummary> uploadTree(CorePtr core,
                                 std::shared_ptr<Provider> provider,
                                 Instance instance,
                                 std::filesystem::path from,
                                 SandboxPath to,
                                 TransferOptions options,
                                 CallOptions call) {
  const auto look = [from = std::move(from)] { return readLocalTree(from); };
  auto found = co_await runBlocking(core->blockingThreads, look);
  if (!found) co_return std::unexpected(std::move(found).error());
  auto tree = std::make_shared<LocalTree>(std::move(*found));
  auto sending = std::make_shared<Sending>();
  sending->progress = std::move(options.progress);

  auto made = co_await makeDirectories(provider, instance, tree, to, call);
  if (!made) co_return std::unexpected(std::move(made).error());
  auto sent = co_await sendFiles(core, provider, instance, tree, to, sending, call);
  auto result = settle(*sending, std::move(sent));
  if (!result) co_return result;
  auto closed = co_await closeDirectories(provider, instance, tree, to, call);
  if (!closed) co_return std::unexpected(std::move(closed).error());
  co_return result;
}

}  // namespace mooring::detail
