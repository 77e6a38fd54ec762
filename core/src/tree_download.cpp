#include "local_target.hpp"
#include "tree.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <ranges>
#include <set>

namespace fs = std::filesystem;

namespace mooring::detail {
namespace {

/// A sandbox can make up directories without end; these end them.
constexpr int deepest = 128;
constexpr std::size_t mostEntries = 1'000'000;
/// The longest name that Linux file systems take.
constexpr std::size_t longestName = 255;

constexpr int usualFileMode = 0644;
constexpr int usualDirectoryMode = 0755;

/// Permission bits only: a sandbox does not get to make setuid files here. 0: the provider does not tell.
int modeFor(int told, int usual) { return (told & 0777) == 0 ? usual : told & 0777; }

struct RemoteEntry {
  std::size_t parent = 0;  ///< Index of its directory; the root is 0, and its own parent.
  int depth = 0;           ///< Directories above it, the root not counted.
  FileInfo info = {};
};

/// A whole tree as the sandbox described it: parents before children, and those of one directory together.
class RemoteTree {
 public:
  RemoteTree(SandboxPath root, FileInfo info) : root_(std::move(root)) {
    entries.push_back(RemoteEntry{.info = std::move(info)});
  }

  /// Names from the root to the entry, which is the last one.
  [[nodiscard]] PathParts parts(std::size_t index) const {
    PathParts out;
    for (; index != 0; index = entries[index].parent)
      out.emplace_back(entries[index].info.name);
    std::ranges::reverse(out);
    return out;
  }
  [[nodiscard]] std::string relative(std::size_t index) const {
    return fmt::format("{}", fmt::join(parts(index), "/"));
  }
  [[nodiscard]] SandboxPath path(std::size_t index) const { return joined(root_, relative(index)); }

  /// Errors: corrupted, and invalidArgument for what cannot or must not be made here.
  Result<void> add(std::size_t directory, std::vector<FileInfo> listing);
  /// Errors: invalidArgument naming the symlink.
  [[nodiscard]] Result<void> checkLinks() const;

  std::vector<RemoteEntry> entries;

 private:
  SandboxPath root_;
};

Result<void> RemoteTree::add(std::size_t directory, std::vector<FileInfo> listing) {
  if (auto fine = checkListing(listing, path(directory)); !fine) return fine;
  const int depth = directory == 0 ? 0 : entries[directory].depth + 1;
  if (depth > deepest) {
    return failure(
        Errc::invalidArgument,
        fmt::format("{} is more than {} directories deep", printable(path(directory).value), deepest));
  }
  if (entries.size() + listing.size() > mostEntries) {
    return failure(Errc::invalidArgument,
                   fmt::format("{} holds more than {} files: download its parts", root_.value, mostEntries));
  }
  for (auto& info : listing) {
    if (info.type == FileType::other) {
      return failure(Errc::invalidArgument,
                     printable(joined(path(directory), info.name).value) +
                         " is neither a file nor a directory and cannot be downloaded");
    }
    entries.push_back(RemoteEntry{.parent = directory, .depth = depth, .info = std::move(info)});
  }
  return {};
}

Result<void> RemoteTree::checkLinks() const {
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const auto& [parent, depth, info] = entries[i];
    if (info.type != FileType::symlink) continue;
    if (info.linkTarget.empty()) {
      return failure(Errc::unsupported,
                     printable(path(i).value) + " is a symlink, and the provider does not tell to what");
    }
    if (!linkStaysInside(depth, info.linkTarget)) {
      return failure(Errc::invalidArgument,
                     fmt::format("{} is a symlink that leaves the tree (to \"{}\"), or that "
                                 "cannot be seen to stay in it",
                                 printable(path(i).value),
                                 printable(info.linkTarget)));
    }
  }
  return {};
}

/// What the steps of a download share.
struct Download {
  CorePtr core = {};
  std::shared_ptr<Provider> provider = {};
  Instance instance = {};
  CallOptions call = {};
  ProgressCallback progress = {};
  TransferSummary done = {};

  /// Not to be guessed, so that the sandbox cannot have a file of that name.
  [[nodiscard]] std::string temporaryName() const { return ".mooring-" + core->parts.ids->uuid() + ".part"; }
};

using DownloadPtr = std::shared_ptr<Download>;

/// Counts what goes to a file.
class CountedSink final : public ByteSink {
 public:
  CountedSink(DownloadPtr download, std::shared_ptr<FileSink> inner, std::string shown)
      : download_(std::move(download)), inner_(std::move(inner)), shown_(std::move(shown)) {}

  Task<void> write(std::span<const std::byte> bytes) override {
    auto written = co_await inner_->write(bytes);
    if (!written) {
      failed_ = written.error();
      co_return written;
    }
    bytes_ += bytes.size();
    if (download_->progress) download_->progress(shown_, bytes_);
    co_return written;
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }

 private:
  DownloadPtr download_;
  std::shared_ptr<FileSink> inner_;
  std::string shown_;
  std::uint64_t bytes_ = 0;
  std::optional<Error> failed_;
};

Task<void> fetchFile(DownloadPtr download,
                     std::shared_ptr<LocalTarget> target,
                     std::shared_ptr<RemoteTree> tree,
                     std::size_t index,
                     SandboxPath from,
                     std::string name,
                     std::string shown) {
  auto open = [target, tree, index, name, temporary = download->temporaryName()] {
    return target->makeFile(tree->parts(tree->entries[index].parent), name, temporary);
  };
  auto file = co_await runBlocking(download->core->blockingThreads, std::move(open));
  if (!file) co_return std::unexpected(std::move(file).error());
  auto sink = std::make_shared<FileSink>(download->core->blockingThreads, std::move(*file));
  auto counted = std::make_shared<CountedSink>(download, sink, shown);
  if (download->progress) download->progress(shown, 0);

  auto result = co_await download->provider->files().read(
      download->instance, from, 0, counted, download->call);
  // What went wrong here is said in our words, whatever became of it on its way through the provider.
  if (counted->failed()) result = std::unexpected(*counted->failed());
  if (result) result = co_await sink->commit(modeFor(tree->entries[index].info.mode, usualFileMode));
  if (!result) {
    co_await sink->discard();
    co_return std::unexpected(withContext(std::move(result).error(), printable(from.value)));
  }
  ++download->done.files;
  download->done.bytes += counted->bytes();
  co_return result;
}

/// Reads and checks the whole tree. Nothing is written yet.
Task<void> listTree(DownloadPtr download, std::shared_ptr<RemoteTree> tree) {
  for (std::size_t i = 0; i < tree->entries.size(); ++i) {
    const auto type = tree->entries[i].info.type;
    if (i != 0 && type == FileType::file) continue;
    if (auto wanted = co_await stillWanted(); !wanted) co_return wanted;
    auto path = tree->path(i);
    if (i != 0 && type == FileType::symlink) {
      if (!tree->entries[i].info.linkTarget.empty()) continue;
      auto info = co_await download->provider->files().stat(download->instance, path, download->call);
      if (!info) co_return std::unexpected(withContext(std::move(info).error(), printable(path.value)));
      tree->entries[i].info.linkTarget = std::move(info->linkTarget);
      continue;
    }
    auto listing = co_await download->provider->files().list(download->instance, path, download->call);
    if (!listing) co_return std::unexpected(withContext(std::move(listing).error(), printable(path.value)));
    auto added = tree->add(i, std::move(*listing));
    if (!added) co_return added;
  }
  co_return tree->checkLinks();
}

/// The directories that were not there before.
Result<std::vector<std::size_t>> makeDirectories(const LocalTarget& target, const RemoteTree& tree) {
  std::vector<std::size_t> fresh;
  for (std::size_t i = 1; i < tree.entries.size(); ++i) {
    if (tree.entries[i].info.type != FileType::directory) continue;
    auto made = target.makeDirectory(tree.parts(i));
    if (!made) return std::unexpected(std::move(made).error());
    if (*made) fresh.push_back(i);
  }
  return fresh;
}

/// Last, so that no file is ever written where a symlink could lead it; then directories are given their
/// modes, which may forbid further writing.
Result<void> finish(const Download& download,
                    const LocalTarget& target,
                    const RemoteTree& tree,
                    const std::vector<std::size_t>& fresh) {
  for (std::size_t i = 1; i < tree.entries.size(); ++i) {
    const auto& [parent, depth, info] = tree.entries[i];
    if (info.type != FileType::symlink) continue;
    auto made = target.makeSymlink(tree.parts(parent), info.name, info.linkTarget, download.temporaryName());
    if (!made) return made;
  }
  for (const auto i : fresh | std::views::reverse) {
    auto set = target.setMode(tree.parts(i), modeFor(tree.entries[i].info.mode, usualDirectoryMode));
    if (!set) return set;
  }
  return {};
}

Task<void> fetchTree(DownloadPtr download, std::shared_ptr<RemoteTree> tree, fs::path to) {
  using Fresh = std::vector<std::size_t>;
  auto fresh = std::make_shared<Fresh>();
  auto prepare = [tree, fresh, to]() -> Result<std::shared_ptr<LocalTarget>> {
    std::error_code ec;
    const bool existed = fs::exists(to, ec);
    auto target = LocalTarget::open(to);
    if (!target) return target;
    auto made = makeDirectories(**target, *tree);
    if (!made) return std::unexpected(std::move(made).error());
    if (!existed) fresh->push_back(0);
    fresh->insert(fresh->end(), made->begin(), made->end());
    return target;
  };
  auto target = co_await runBlocking(download->core->blockingThreads, std::move(prepare));
  if (!target) co_return std::unexpected(std::move(target).error());

  for (std::size_t i = 1; i < tree->entries.size(); ++i) {
    if (tree->entries[i].info.type != FileType::file) continue;
    if (auto wanted = co_await stillWanted(); !wanted) co_return wanted;
    auto fetched = co_await fetchFile(
        download, *target, tree, i, tree->path(i), tree->entries[i].info.name, tree->relative(i));
    if (!fetched) co_return fetched;
  }
  auto end = [download, target = *target, tree, fresh] { return finish(*download, *target, *tree, *fresh); };
  co_return co_await runBlocking(download->core->blockingThreads, std::move(end));
}

Task<void> fetchSingle(DownloadPtr download, std::shared_ptr<RemoteTree> tree, fs::path to) {
  const auto name = to.filename().string();
  if (name.empty() || name == "." || name == "..") {
    co_return failure(Errc::invalidArgument, to.string() + " cannot be the new name of a file");
  }
  auto prepare = [parent = to.has_parent_path() ? to.parent_path() : fs::path(".")] {
    return LocalTarget::open(parent);
  };
  auto target = co_await runBlocking(download->core->blockingThreads, std::move(prepare));
  if (!target) co_return std::unexpected(std::move(target).error());
  co_return co_await fetchFile(download, *target, tree, 0, tree->path(0), name, name);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return out;
}

Result<void> checkListing(const std::vector<FileInfo>& entries, const SandboxPath& directory) {
  std::set<std::string_view> seen;
  for (const auto& entry : entries) {
    const std::string_view name = entry.name;
    const bool impossible = name.empty() || name == "." || name == ".." || name.size() > longestName ||
                            name.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos;
    if (impossible) {
      return failure(Errc::corrupted,
                     fmt::format("the listing of {} holds a name that no file can have: \"{}\"",
                                 printable(directory.value),
                                 printable(name.substr(0, longestName))));
    }
    if (!seen.insert(name).second) {
      return failure(
          Errc::corrupted,
          fmt::format("the listing of {} holds \"{}\" twice", printable(directory.value), printable(name)));
    }
  }
  return {};
}

bool linkStaysInside(int depth, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos) return false;
  bool wentDown = false;
  while (!target.empty()) {
    const auto end = std::min(target.find('/'), target.size());
    const auto part = target.substr(0, end);
    target.remove_prefix(std::min(end + 1, target.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      wentDown = true;
    } else if (wentDown || --depth < 0) {
      return false;
    }
  }
  return true;
}

Task<TransferSummary> downloadTree(CorePtr core,
                                   std::shared_ptr<Provider> provider,
                                   Instance instance,
                                   SandboxPath from,
                                   std::filesystem::path to,
                                   TransferOptions options,
                                   CallOptions call) {
  auto info = co_await provider->files().stat(instance, from, call);
  if (!info) co_return std::unexpected(withContext(std::move(info).error(), from.value));
  if (info->type == FileType::other) {
    co_return failure(Errc::invalidArgument,
                      from.value + " is neither a file nor a directory and cannot be downloaded");
  }
  auto download = std::make_shared<Download>();
  download->core = core;
  download->provider = provider;
  download->instance = std::move(instance);
  download->call = std::move(call);
  download->progress = std::move(options.progress);

  const auto type = info->type;
  if (type == FileType::symlink) info->mode = 0;  // Its own says nothing about what it leads to.
  auto tree = std::make_shared<RemoteTree>(std::move(from), std::move(*info));
  // A symlink that the caller named is followed: to a directory if it can be listed, else to a file.
  Result<void> listed;
  if (type != FileType::file) listed = co_await listTree(download, tree);
  const bool file = type == FileType::file ||
                    (type == FileType::symlink && !listed && listed.error().code == Errc::invalidArgument &&
                     tree->entries.size() == 1);
  if (!file && !listed) co_return std::unexpected(std::move(listed).error());
  Result<void> fetched;
  if (file) {
    fetched = co_await fetchSingle(download, tree, std::move(to));
  } else {
    fetched = co_await fetchTree(download, tree, std::move(to));
  }
  if (!fetched) co_return std::unexpected(std::move(fetched).error());
  co_return download->done;
}

}  // namespace mooring::detail
