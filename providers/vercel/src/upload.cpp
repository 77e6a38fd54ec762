#include "upload.hpp"

#include <mooring/http/sources.hpp>
#include <mooring/http/spool.hpp>

#include "control.hpp"
#include "errors.hpp"

#include <spdlog/fmt/fmt.h>

namespace mooring::vercel {

namespace {

constexpr std::size_t partSize = std::size_t{1} << 20;
constexpr std::size_t fileBuffer = std::size_t{128} * 1024;
constexpr std::chrono::minutes longestTransfer(60);

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

Task<http::Body> bodyOf(const Account& account, http::TarItems items) {
  http::TarItems inside = [items = std::move(items)]() { return relative(items); };
  auto archive = http::tarOf(std::move(inside), http::TarCompression::gzip);
  http::SpoolOptions options;
  if (const auto directory = account.context.settings.get("TMPDIR")) options.directory = *directory;
  return http::spooled(std::move(archive), account.context.blocking, std::move(options));
}

}  // namespace

http::TarItems partsOf(std::string prefix, std::shared_ptr<ByteSource> source) {
  auto parts = std::make_shared<Parts>(Parts{std::move(prefix), std::move(source)});
  return [parts]() { return nextPart(parts); };
}

Task<void> uploadArchive(
    AccountPtr account, Instance instance, http::TarItems items, std::string what, CallOptions call) {
  auto body = co_await bodyOf(*account, std::move(items));
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = apiRequest(http::Method::post, "/fs/write", call);
  request.headers.set("Content-Type", "application/gzip");
  request.headers.set("X-Cwd", "/");
  request.body = std::move(*body);
  // Everything lands in a directory of this upload's own.
  request.idempotency = http::Idempotency::safe;
  request.timeouts.total = longestTransfer;
  request.timeouts.silence = std::chrono::minutes(2);
  request.buffer = fileBuffer;
  request.protocol = http::Protocol::http1;
  auto response = co_await callSession(
      account, std::move(instance), std::move(request), what, std::move(call));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return Result<void>();
}

}  // namespace mooring::vercel
