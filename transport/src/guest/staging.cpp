#include <mooring/guest/file_answers.hpp>
#include <mooring/guest/file_scripts.hpp>
#include <mooring/guest/staging.hpp>
#include <mooring/http/sources.hpp>
#include <mooring/http/spool.hpp>

#include <spdlog/fmt/fmt.h>

namespace mooring::guest {

namespace {

constexpr std::size_t partSize = std::size_t{1} << 20;

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

struct Parts {
  std::string prefix = {};
  std::shared_ptr<ByteSource> source = {};
  int count = 0;
};

Task<std::optional<http::TarItem>> nextPart(std::shared_ptr<Parts> parts) {
  auto bytes = co_await http::readUpTo(parts->source, partSize);
  if (!bytes) co_return std::unexpected(std::move(bytes).error());
  if (bytes->empty()) co_return std::optional<http::TarItem>();
  http::TarItem item;
  item.entry.path = fmt::format("{}{:06}", parts->prefix, ++parts->count);
  item.entry.mode = 0600;
  item.entry.size = bytes->size();
  item.content = sourceOf(std::move(*bytes));
  co_return std::optional<http::TarItem>(std::move(item));
}

/// Paths in an archive begin without a slash.
Task<std::optional<http::TarItem>> relative(http::TarItems items) {
  auto item = co_await items();
  if (item && *item) (*item)->entry.path.erase(0, (*item)->entry.path.find_first_not_of('/'));
  co_return item;
}

}  // namespace

http::TarItems partsOf(std::string prefix, std::shared_ptr<ByteSource> source) {
  auto parts = std::make_shared<Parts>(Parts{std::move(prefix), std::move(source)});
  return [parts]() { return nextPart(parts); };
}

Staging::Staging(std::string directory, std::function<std::optional<FileUpload>()> next)
    : directory_(std::move(directory)), next_(std::move(next)), script_(file_scripts::place) {}

http::TarItems Staging::items(std::shared_ptr<Staging> self) {
  return [self]() { return next(self); };
}

Task<std::optional<http::TarItem>> Staging::next(std::shared_ptr<Staging> self) {
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

/// Nothing: its length is not known, so that it comes in parts.
std::optional<http::TarItem> Staging::begin(FileUpload upload) {
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

std::optional<http::TarItem> Staging::scriptItem() {
  http::TarItem item;
  item.entry.path = scriptPath();
  item.entry.mode = 0600;
  item.entry.size = script_.size();
  item.content = sourceOf(std::move(script_));
  return item;
}

Task<http::Body> archiveBody(const ProviderContext& context,
                             http::TarItems items,
                             http::TarCompression compression) {
  http::TarItems inside = [items = std::move(items)]() { return relative(items); };
  auto archive = http::tarOf(std::move(inside), compression);
  http::SpoolOptions options;
  if (const auto directory = context.settings.get("TMPDIR")) options.directory = *directory;
  return http::spooled(std::move(archive), context.blocking, std::move(options));
}

}  // namespace mooring::guest
