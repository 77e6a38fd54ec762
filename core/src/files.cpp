// class Files: each method packs its arguments; what they share is onPath().
#include "reach.hpp"
#include "run_once.hpp"
#include "tree.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace mooring {
namespace detail {
namespace {

template <class T>
using Attempt = std::function<Task<T>(Reached)>;

/// What a call is about: it is checked before anything else happens, and named in every error.
struct Subject {
  std::string operation = {};
  std::string path = {};
  Result<void> valid = {};
};

Result<void> validatePath(const std::string& path) {
  if (path.empty()) return failure(Errc::invalidArgument, "the path is empty");
  if (path.find('\0') != std::string::npos)
    return failure(Errc::invalidArgument, "the path holds a NUL byte");
  return {};
}

Result<void> validateMode(std::optional<int> mode) {
  if (!mode || (*mode >= 0 && *mode <= 07777)) return {};
  return failure(Errc::invalidArgument,
                 fmt::format("{} is no mode: permission bits, as in 0644, are", *mode));
}

Subject about(std::string operation, const std::string& path, Result<void> more = Result<void>()) {
  auto valid = validatePath(path);
  if (valid) valid = std::move(more);
  return Subject{.operation = std::move(operation), .path = path, .valid = std::move(valid)};
}

Error named(Error error, const Subject& subject) {
  if (error.operation.empty()) error.operation = subject.operation;
  return withContext(std::move(error), fmt::format("{} {}", subject.operation, printable(subject.path)));
}

/// The way of every call on a file. Attempts may hold the provider by reference: the core keeps it.
template <class T>
Task<T> onPath(CorePtr core,
               SandboxId id,
               Subject subject,
               Attempt<T> attempt,
               CallOptions call,
               std::function<bool()> again) {
  if (!subject.valid) co_return std::unexpected(named(std::move(subject.valid).error(), subject));
  auto result = co_await reach<T>(core, std::move(id), std::move(attempt), std::move(call), std::move(again));
  if (!result) co_return std::unexpected(named(std::move(result).error(), subject));
  co_return result;
}

template <class T>
Operation<T> operation(const Handle& handle,
                       const SandboxId& id,
                       Subject subject,
                       Attempt<T> attempt,
                       CallOptions call,
                       std::function<bool()> again = nullptr) {
  auto body = [core = handle.core,
               id,
               subject = std::move(subject),
               attempt = std::move(attempt),
               call,
               again = std::move(again)]() mutable {
    return onPath<T>(std::move(core),
                     std::move(id),
                     std::move(subject),
                     std::move(attempt),
                     std::move(call),
                     std::move(again));
  };
  return Operation<T>(handle.engine, call, std::move(body));
}

/// Keeps what it is given, up to a limit.
class BoundedSink final : public ByteSink {
 public:
  explicit BoundedSink(std::size_t limit) : limit_(limit) {}

  Task<void> write(std::span<const std::byte> bytes) override {
    if (bytes.size() > limit_ - text_.size()) {
      overflowed_ = true;
      co_return failure(Errc::quotaExceeded, fmt::format("there are more than {} bytes", limit_));
    }
    const auto needed = text_.size() + bytes.size();
    if (needed > text_.capacity()) text_.reserve(std::min(limit_, std::max(needed, 2 * text_.capacity())));
    text_ += asText(bytes);
    co_return Result<void>();
  }

  [[nodiscard]] bool overflowed() const { return overflowed_; }
  std::string take() { return std::move(text_); }

 private:
  std::size_t limit_;
  std::string text_;
  bool overflowed_ = false;
};

/// A source over bytes that a second attempt needs as well.
class SharedSource final : public ByteSource {
 public:
  explicit SharedSource(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    const auto piece = asBytes(std::string_view(*bytes_).substr(offset_, buffer.size()));
    std::ranges::copy(piece, buffer.begin());
    offset_ += piece.size();
    co_return piece.size();
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return bytes_->size(); }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::size_t offset_ = 0;
};

/// Remembers whether the caller's sink was given anything: those bytes cannot be taken back.
class OnceSink final : public ByteSink {
 public:
  explicit OnceSink(std::shared_ptr<ByteSink> inner) : inner_(std::move(inner)) {}
  Task<void> write(std::span<const std::byte> bytes) override {
    begun_ = true;
    co_return co_await inner_->write(bytes);
  }
  [[nodiscard]] bool begun() const { return begun_; }

 private:
  std::shared_ptr<ByteSink> inner_;
  bool begun_ = false;
};

Task<std::string> readWhole(Reached where, SandboxPath path, std::size_t limit, CallOptions call) {
  auto sink = std::make_shared<BoundedSink>(limit);
  auto& files = where.provider->files();
  auto done = co_await files.read(where.instance(), path, 0, sink, call);
  if (!sink->overflowed()) {
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return sink->take();
  }
  auto message = fmt::format("it is larger than the limit of {} bytes", limit);
  const auto info = co_await files.stat(where.instance(), path, call);
  if (info && info->size > limit)
    message = fmt::format("it has {} bytes, the limit is {}", info->size, limit);
  auto error = makeError(Errc::quotaExceeded, message + "; use readTo() to stream it");
  error.transience = Transience::permanent;
  co_return std::unexpected(std::move(error));
}

Task<std::vector<FileInfo>> listChecked(Reached where, SandboxPath path, CallOptions call) {
  auto entries = co_await where.provider->files().list(where.instance(), path, call);
  if (!entries) co_return entries;
  auto fine = checkListing(*entries, path);
  if (!fine) co_return std::unexpected(std::move(fine).error());
  co_return entries;
}

}  // namespace
}  // namespace detail

using detail::Reached;

Files::Files(detail::Handle handle, SandboxId id) : handle_(std::move(handle)), id_(std::move(id)) {}

Operation<std::string> Files::read(SandboxPath path, std::size_t limit, CallOptions call) const {
  auto subject = detail::about("read", path.value);
  detail::Attempt<std::string> attempt = [path, limit, call](Reached where) {
    return detail::readWhole(std::move(where), path, limit, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<void> Files::readTo(SandboxPath path,
                              std::shared_ptr<ByteSink> sink,
                              std::uint64_t offset,
                              CallOptions call) const {
  Result<void> given;
  if (!sink) given = failure(Errc::invalidArgument, "there is no sink");
  auto subject = detail::about("read", path.value, std::move(given));
  auto once = std::make_shared<detail::OnceSink>(std::move(sink));
  detail::Attempt<void> attempt = [path, once, offset, call](Reached where) {
    return where.provider->files().read(where.instance(), path, offset, once, call);
  };
  std::function<bool()> again = [once] { return !once->begun(); };
  return detail::operation(
      handle_, id_, std::move(subject), std::move(attempt), std::move(call), std::move(again));
}

Operation<void> Files::write(SandboxPath path,
                             std::string bytes,
                             WriteOptions options,
                             CallOptions call) const {
  auto subject = detail::about("write", path.value, detail::validateMode(options.mode));
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  detail::Attempt<void> attempt = [path, shared, options, call](Reached where) {
    auto source = std::make_shared<detail::SharedSource>(shared);
    return where.provider->files().write(where.instance(), path, std::move(source), options, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<void> Files::writeFrom(SandboxPath path,
                                 std::shared_ptr<ByteSource> source,
                                 WriteOptions options,
                                 CallOptions call) const {
  Result<void> given = detail::validateMode(options.mode);
  if (!source) given = failure(Errc::invalidArgument, "there is no source");
  auto subject = detail::about("write", path.value, std::move(given));
  auto once = std::make_shared<detail::OnceSource>(std::move(source));
  detail::Attempt<void> attempt = [path, once, options, call](Reached where) {
    return where.provider->files().write(where.instance(), path, once, options, call);
  };
  std::function<bool()> again = [once] { return !once->begun(); };
  return detail::operation(
      handle_, id_, std::move(subject), std::move(attempt), std::move(call), std::move(again));
}

Operation<std::vector<FileInfo>> Files::list(SandboxPath path, CallOptions call) const {
  auto subject = detail::about("list", path.value);
  detail::Attempt<std::vector<FileInfo>> attempt = [path, call](Reached where) {
    return detail::listChecked(std::move(where), path, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<FileInfo> Files::stat(SandboxPath path, CallOptions call) const {
  auto subject = detail::about("stat", path.value);
  detail::Attempt<FileInfo> attempt = [path, call](Reached where) {
    return where.provider->files().stat(where.instance(), path, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<void> Files::makeDirectory(SandboxPath path, int mode, CallOptions call) const {
  auto subject = detail::about("makeDirectory", path.value, detail::validateMode(mode));
  detail::Attempt<void> attempt = [path, mode, call](Reached where) {
    return where.provider->files().makeDirectory(where.instance(), path, mode, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<void> Files::remove(SandboxPath path, RemoveMode mode, CallOptions call) const {
  auto subject = detail::about("remove", path.value);
  detail::Attempt<void> attempt = [path, mode, call](Reached where) {
    return where.provider->files().remove(where.instance(), path, mode, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<void> Files::move(SandboxPath from, SandboxPath to, CallOptions call) const {
  auto subject = detail::about("move", from.value, detail::validatePath(to.value));
  subject.path += " to " + to.value;
  detail::Attempt<void> attempt = [from, to, call](Reached where) {
    return where.provider->files().move(where.instance(), from, to, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<void> Files::setMode(SandboxPath path, int mode, CallOptions call) const {
  auto subject = detail::about("setMode", path.value, detail::validateMode(mode));
  detail::Attempt<void> attempt = [path, mode, call](Reached where) {
    return where.provider->files().setMode(where.instance(), path, mode, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<TransferSummary> Files::upload(std::filesystem::path from,
                                         SandboxPath to,
                                         TransferOptions options,
                                         CallOptions call) const {
  auto subject = detail::about("upload", from.native(), detail::validatePath(to.value));
  subject.path += " to " + to.value;
  detail::Attempt<TransferSummary> attempt = [core = handle_.core, from, to, options, call](Reached where) {
    auto instance = where.instance();
    return detail::uploadTree(core, std::move(where.provider), std::move(instance), from, to, options, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

Operation<TransferSummary> Files::download(SandboxPath from,
                                           std::filesystem::path to,
                                           TransferOptions options,
                                           CallOptions call) const {
  auto subject = detail::about("download", from.value, detail::validatePath(to.native()));
  subject.path += " to " + to.native();
  detail::Attempt<TransferSummary> attempt = [core = handle_.core, from, to, options, call](Reached where) {
    auto instance = where.instance();
    return detail::downloadTree(
        core, std::move(where.provider), std::move(instance), from, to, options, call);
  };
  return detail::operation(handle_, id_, std::move(subject), std::move(attempt), std::move(call));
}

}  // namespace mooring
