#include "apis.hpp"
#include "errors.hpp"
#include "file_calls.hpp"
#include "file_scripts.hpp"
#include "script.hpp"
#include "upload.hpp"

#include <spdlog/fmt/fmt.h>

namespace mooring::vercel {

namespace {

/// Inside single quotes of sh.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// Files as they come, each under a number, and last the script that puts them in their places: one archive.
class Staging {
 public:
  Staging(std::string directory, std::function<std::optional<FileUpload>()> next)
      : directory_(std::move(directory)), next_(std::move(next)), script_(file_scripts::place) {}

  static Task<std::optional<http::TarItem>> next(std::shared_ptr<Staging> self) {
    for (;;) {
      if (self->parts_) {
        auto part = co_await self->parts_();
        if (!part || *part) co_return part;
        self->parts_ = nullptr;
      }
      if (self->closed_) co_return std::optional<http::TarItem>();
      auto upload = self->next_();
      if (!upload) {
        self->closed_ = true;
        co_return self->scriptItem();
      }
      auto item = self->begin(std::move(*upload));
      if (item) co_return item;
    }
  }

  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] std::string scriptPath() const { return directory_ + "/place"; }

 private:
  /// Nothing: its length is not known, so that it comes in parts.
  std::optional<http::TarItem> begin(FileUpload upload) {
    ++count_;
    const auto wanted = upload.options.mode;
    const auto size = upload.source->size();
    // What the archive says spares a chmod, except for what an archive may not carry.
    const int sent = size && (wanted.value_or(0644) & ~0777) == 0 ? wanted.value_or(0644) : 0600;
    script_ += fmt::format("put {} '{}' {} {:o}\n",
                           count_,
                           wanted ? fmt::format("{:o}", *wanted) : std::string(),
                           quoted(plainPath(upload.path)),
                           sent);
    const auto path = fmt::format("{}/{}", directory_, count_);
    if (!size) {
      parts_ = partsOf(path + ".", std::move(upload.source));
      return std::nullopt;
    }
    http::TarItem item;
    item.entry.path = path;
    item.entry.mode = sent;
    item.entry.size = *size;
    item.content = std::move(upload.source);
    return item;
  }

  std::optional<http::TarItem> scriptItem() {
    http::TarItem item;
    item.entry.path = scriptPath();
    item.entry.mode = 0600;
    item.entry.size = script_.size();
    item.content = sourceOf(std::move(script_));
    return item;
  }

  std::string directory_;
  std::function<std::optional<FileUpload>()> next_;
  std::string script_;
  http::TarItems parts_;
  int count_ = 0;
  bool closed_ = false;
};

/// Best effort: what is left lies in /tmp and bears our name.
Task<void> clean(AccountPtr account, Instance instance, std::string directory) {
  std::vector<std::string> args{std::move(directory)};
  const CallOptions unlimited;
  auto cleaned = co_await runScript(
      std::move(account), std::move(instance), R"(exec rm -rf -- "$1")", std::move(args), unlimited);
  if (!cleaned) co_return std::unexpected(std::move(cleaned).error());
  co_return Result<void>();
}

bool reachedNothing(const Error& error) { return error.code == Errc::gone || error.code == Errc::notRunning; }

}  // namespace

Task<void> Files::writeMany(Instance instance,
                            std::function<std::optional<FileUpload>()> next,
                            CallOptions call) {
  const auto directory = scratchDirectory(account_->context.ids->uuid());
  auto staging = std::make_shared<Staging>(directory, std::move(next));
  http::TarItems items = [staging]() { return Staging::next(staging); };
  auto sent = co_await uploadArchive(account_, instance, std::move(items), "write files", call);
  if (!sent) {
    auto error = std::move(sent).error();
    if (!reachedNothing(error)) co_await clean(account_, std::move(instance), directory);
    co_return std::unexpected(std::move(error));
  }
  if (staging->count() == 0) co_return co_await clean(account_, std::move(instance), directory);
  std::vector<std::string> args{staging->scriptPath()};
  auto placed = co_await runFileScript(
      account_, std::move(instance), R"(exec sh "$1")", std::move(args), "write files", std::move(call));
  if (!placed) co_return std::unexpected(std::move(placed).error());
  co_return Result<void>();
}

Task<void> Files::write(Instance instance,
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

}  // namespace mooring::vercel
