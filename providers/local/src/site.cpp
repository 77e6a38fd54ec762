#include "site.hpp"

#include "detail/remove_tree.hpp"
#include "errors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mooring::local {

namespace fs = std::filesystem;

std::string withoutIsolationHint() {
  return "; or, to run commands without any isolation, set \"isolation\": \"none\" in options.local";
}

Result<fs::path> findBubblewrap(const Settings& settings) {
  std::string path = settings.get("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    fs::path candidate = fs::path(path.substr(begin, end - begin)) / "bwrap";
    if (candidate.is_absolute() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return refuse(Errc::notConfigured,
                "the local provider needs bubblewrap, but there is no bwrap on PATH: install the package "
                "\"bubblewrap\"" +
                    withoutIsolationHint());
}

Result<std::string> readText(const fs::path& file, std::size_t limit) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return systemFailure(errno, "cannot read " + file.string());
  std::string text;
  char buffer[8192];
  while (text.size() < limit) {
    const ssize_t size = ::read(fd.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return systemFailure(errno, "cannot read " + file.string());
    if (size == 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

Result<void> writeText(const fs::path& file, const std::string& text, int mode) {
  const std::string temporary = file.string() + ".new";
  Descriptor fd(::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode));
  if (!fd) return systemFailure(errno, "cannot write " + file.string());
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = ::write(fd.get(), text.data() + done, text.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return systemFailure(errno, "cannot write " + file.string());
    done += static_cast<std::size_t>(size);
  }
  fd.reset();
  if (::rename(temporary.c_str(), file.c_str()) != 0)
    return systemFailure(errno, "cannot write " + file.string());
  return {};
}

Result<void> makeDirectories(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno == ENOENT && directory.has_parent_path() && directory.parent_path() != directory) {
    if (auto made = makeDirectories(directory.parent_path()); !made) return made;
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  }
  return systemFailure(errno, "cannot make the directory " + directory.string());
}

Result<void> removeTree(const fs::path& path) {
  const int error = removeTreeAt(AT_FDCWD, path.string());
  if (error == 0 || error == ENOENT) return {};
  return systemFailure(error, "cannot remove " + path.string());
}

Result<std::optional<Definition>> loadDefinition(const Layout& layout, const std::string& key) {
  struct stat status = {};
  if (::lstat(layout.sandbox(key).c_str(), &status) != 0) {
    if (errno == ENOENT) return std::optional<Definition>();
    return systemFailure(errno, "cannot look at " + layout.sandbox(key).string());
  }
  const fs::path file = layout.definition(key);
  const auto text = readText(file);
  if (!text) {
    // Between the two looks it may have been destroyed.
    if (::lstat(layout.sandbox(key).c_str(), &status) != 0 && errno == ENOENT)
      return std::optional<Definition>();
    if (text.error().code == Errc::permissionDenied) return std::unexpected(text.error());
    return refuse(Errc::corrupted, text.error().message + ": restore that file, or destroy this sandbox");
  }
  auto definition = parseDefinition(*text, file);
  if (!definition) return std::unexpected(std::move(definition).error());
  if (definition->provisionKey != key) {
    return refuse(Errc::corrupted,
                  file.string() + " belongs to another sandbox, " + definition->provisionKey);
  }
  return std::optional(std::move(*definition));
}

Result<void> saveDefinition(const Layout& layout, const Definition& definition) {
  return writeText(layout.definition(definition.provisionKey), toText(definition));
}

Result<std::string> keyOf(const Instance& instance) {
  const std::string& key = instance.id.empty() ? instance.provisionKey : instance.id.value;
  if (!isPlainName(key)) {
    return refuse(Errc::invalidArgument, "\"" + key + "\" is not the id of a sandbox of the local provider");
  }
  return key;
}

Instance instanceFrom(const Layout& layout, const Definition& definition, InstanceState state) {
  const std::string& key = definition.provisionKey;
  Instance instance;
  instance.id = ExternalSandboxId(key);
  instance.provisionKey = key;
  instance.state = state;
  instance.url = "file://" + layout.workspace(key).string();
  instance.connection["directory"] = layout.sandbox(key).string();
  instance.connection["isolation"] = toString(definition.isolation);
  instance.connection["network"] = definition.networkBlocked ? "blocked" : "open";
  const auto text = readText(layout.run(key) / run_file::limits);
  const auto limits = text ? parseLimits(*text) : std::nullopt;
  if (limits) instance.connection["limits"] = toJson(*limits);
  return instance;
}

int SocketAddress::set(const fs::path& directory, const char* name) {
  constexpr std::size_t longest = 107;
  path_ = (directory / name).string();
  if (path_.size() <= longest) return 0;
  directory_.reset(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) return errno;
  path_ = "/proc/self/fd/" + std::to_string(directory_.get()) + "/" + name;
  return 0;
}

}  // namespace mooring::local
