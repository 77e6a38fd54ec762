// One file at a time, up and down.
#include <mooring/http/url.hpp>

#include "toolbox/body.hpp"
#include "toolbox/file_facts.hpp"
#include "toolbox/form.hpp"
#include "toolbox/routes.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

namespace mooring::daytona::emulator {

namespace {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "bytes=3-5", "bytes=3-", "bytes=-2" of a file of `size` bytes. Nothing when it cannot be satisfied.
std::optional<ByteRange> rangeOf(std::string_view header, std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  const auto dash = header.find('-');
  if (!header.starts_with(unit) || dash == std::string_view::npos) return std::nullopt;
  const auto from = header.substr(unit.size(), dash - unit.size());
  const auto to = header.substr(dash + 1);
  if (from.empty()) {
    const auto last = number(to);
    if (!last || *last == 0 || size == 0) return std::nullopt;
    const auto length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  const auto first = number(from);
  if (!first || *first >= size) return std::nullopt;
  if (to.empty()) return ByteRange{*first, size - *first};
  const auto last = number(to);
  if (!last || *last < *first) return std::nullopt;
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

/// Takes so many bytes, then stops the reading by an error that only taken() makes good.
class LimitedSink final : public ByteSink {
 public:
  LimitedSink(std::shared_ptr<ByteSink> sink, std::uint64_t limit) : sink_(std::move(sink)), left_(limit) {}
  Task<void> write(std::span<const std::byte> bytes) override {
    if (left_ == 0) co_return failure(Errc::cancelled, "the range is complete");
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= size;
    co_return co_await sink_->write(bytes.first(size));
  }
  [[nodiscard]] bool complete() const { return left_ == 0; }

 private:
  std::shared_ptr<ByteSink> sink_;
  std::uint64_t left_;
};

Task<void> download(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto path = requiredQuery(exchange->request(), "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  auto info = co_await statFollowing(daemon, *path);
  if (!info) co_return std::unexpected(std::move(info).error());
  if (info->type == FileType::directory)
    co_return refusal(400, "INVALID_FILE_PATH", "path points to a directory: " + *path);

  http::Headers headers;
  headers.add("Content-Type", "application/octet-stream");
  headers.add("Content-Disposition", "attachment; filename*=utf-8''" + http::escape(baseName(*path)));
  headers.add("Accept-Ranges", "bytes");
  ByteRange range{0, info->size};
  int status = 200;
  if (const auto header = exchange->request().headers.get("Range")) {
    const auto wanted = rangeOf(*header, info->size);
    if (!wanted) {
      headers.add("Content-Range", fmt::format("bytes */{}", info->size));
      const std::optional<std::uint64_t> nothing(0);
      co_return co_await exchange->begin(416, std::move(headers), nothing);
    }
    range = *wanted;
    status = 206;
    headers.add("Content-Range",
                fmt::format("bytes {}-{}/{}", range.first, range.first + range.length - 1, info->size));
  }
  const std::optional<std::uint64_t> length(range.length);
  auto begun = co_await exchange->begin(status, std::move(headers), length);
  if (!begun || range.length == 0 || exchange->request().method == "HEAD") co_return begun;
  auto sink = std::make_shared<LimitedSink>(emulation::replyBodyOf(exchange), range.length);
  auto sent = co_await daemon->machine().read(daemon->resolve(*path), range.first, sink);
  if (!sent && !sink->complete()) co_return sent;
  co_return Result<void>();
}

/// The form's one field, "file", into the file that the query names.
Task<std::string> receive(DaemonPtr daemon, emulation::ExchangePtr exchange, std::string path) {
  auto form = Form::of(std::move(exchange));
  if (!form) co_return std::unexpected(std::move(form).error());
  std::optional<std::string> filename;
  while (true) {
    auto part = co_await (*form)->next();
    if (!part) co_return std::unexpected(std::move(part).error());
    if (!*part) break;
    if ((*part)->name != "file" || filename)
      co_return refusal(400, "BAD_REQUEST", "the form may have one field, \"file\"; it has " + (*part)->name);
    filename = std::move((*part)->filename);
    auto written = co_await daemon->machine().write(daemon->resolve(path), *form, WriteOptions());
    if (!written) co_return fileRefusal(written.error(), path);
  }
  if (!filename) co_return refusal(400, "BAD_REQUEST", "the form has no field \"file\"");
  co_return std::move(*filename);
}

Task<emulation::Reply> upload(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto path = requiredQuery(exchange->request(), "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  auto received = co_await receive(std::move(daemon), std::move(exchange), *path);
  if (!received) co_return std::unexpected(std::move(received).error());
  co_return emulation::emptyReply(200);
}

Task<emulation::Reply> uploadV2(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto path = requiredQuery(exchange->request(), "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  auto received = co_await receive(daemon, std::move(exchange), *path);
  if (!received) co_return std::unexpected(std::move(received).error());
  boost::json::object reply;
  reply["name"] = baseName(*path);
  reply["path"] = daemon->resolve(*path);
  reply["type"] = "file";
  co_return emulation::jsonReply(200, reply);
}

}  // namespace

void addContentRoutes(ToolboxRoutes& routes) {
  // Links that need no key carry a signature instead.
  routes.stream("GET", "/files/download", download).query({"path", "expires", "signature"});
  routes.on("POST", "/files/upload", upload).query({"path"});
  routes.on("POST", "/files/upload-v2", uploadV2, Release::v205).query({"path", "expires", "signature"});
}

}  // namespace mooring::daytona::emulator
