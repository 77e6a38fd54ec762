// Files read, written and listed.
#include <mooring/emulation/strict.hpp>

#include "fs/failure.hpp"
#include "fs/paths.hpp"
#include "routes.hpp"

#include <boost/json/array.hpp>

#include <fnmatch.h>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::Reply;

namespace {

constexpr int usualMode = 0644;

/// Begins the reply with the first bytes, so that a file that cannot be read is still answered as an error.
class FileReply final : public ByteSink {
 public:
  explicit FileReply(emulation::ExchangePtr exchange) : exchange_(std::move(exchange)) {}

  Task<void> write(std::span<const std::byte> bytes) override {
    auto begun = co_await begin();
    if (!begun) co_return begun;
    co_return co_await exchange_->write(bytes);
  }
  Task<void> begin() {
    if (exchange_->begun()) co_return Result<void>();
    http::Headers headers;
    headers.add("Content-Type", "application/octet-stream");
    co_return co_await exchange_->begin(200, std::move(headers), std::nullopt);
  }

 private:
  emulation::ExchangePtr exchange_;
};

Task<void> read(WorldPtr world, Call call) {
  const auto path = pathIn(call.request());
  if (!path) co_return std::unexpected(path.error());
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto sink = std::make_shared<FileReply>(call.exchange);
  auto done = co_await awake->machine().read(*path, 0, sink);
  if (done) co_return co_await sink->begin();
  if (call.exchange->begun()) co_return done;
  // A directory is none of the things that the machine's error can say.
  if (done.error().code == Errc::invalidArgument) done = fileRefusal(400, "EISDIR", "is a directory");
  auto reply = fileFailure(*world, call, "open", *path, done.error());
  co_return co_await call.exchange->reply(std::move(reply));
}

/// Counts what passes.
class Counted final : public ByteSource {
 public:
  explicit Counted(std::shared_ptr<ByteSource> inner) : inner_(std::move(inner)) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    auto size = co_await inner_->read(buffer);
    if (size) total_ += *size;
    co_return size;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return inner_->size(); }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  std::shared_ptr<ByteSource> inner_;
  std::uint64_t total_ = 0;
};

Task<Reply> write(WorldPtr world, Call call) {
  const auto& request = call.request();
  const auto path = pathIn(request);
  if (!path) co_return std::unexpected(path.error());
  for (const auto* name : {"mkdirParents", "mkdir", "asRoot"}) {
    const auto text = request.queryValue(name);
    if (!text) continue;
    // Missing parents are made whatever it says.
    if (auto flag = emulation::parseFlag(name, *text); !flag) co_return std::unexpected(flag.error());
  }
  WriteOptions options;
  options.mode = usualMode;
  if (const auto text = request.queryValue("mode")) {
    const auto mode = parseMode(*text);
    if (!mode) co_return std::unexpected(mode.error());
    options.mode = *mode;
  }
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto source = std::make_shared<Counted>(emulation::bodyOf(call.exchange));
  auto written = co_await awake->machine().write(*path, source, options);
  if (!written && written.error().httpStatus != 0) co_return std::unexpected(std::move(written).error());
  if (!written) co_return fileFailure(*world, call, "open", *path, written.error());
  json::object body;
  body["path"] = *path;
  body["size"] = source->total();
  body["mode"] = modeText(*options.mode);
  co_return jsonReply(200, body);
}

struct ListWish {
  bool recursive = false;
  std::string pattern = {};
};

bool wanted(const ListWish& wish, const std::string& name) {
  return wish.pattern.empty() || ::fnmatch(wish.pattern.c_str(), name.c_str(), 0) == 0;
}

/// Depth first. What goes away meanwhile is left out.
Task<void> collect(emulation::Machine& machine, std::string directory, ListWish wish, json::array& entries) {
  auto infos = co_await machine.list(directory);
  if (!infos) co_return std::unexpected(std::move(infos).error());
  for (const auto& info : *infos) {
    const auto path = childOf(directory, info.name);
    if (wanted(wish, info.name)) entries.push_back(entryJson(info, path));
    if (!wish.recursive || info.type != FileType::directory) continue;
    auto below = co_await collect(machine, path, wish, entries);
    if (!below && below.error().code != Errc::notFound) co_return below;
  }
  co_return Result<void>();
}

/// A file is listed as its own only entry.
Task<void> listInto(emulation::Machine& machine, std::string path, ListWish wish, json::array& entries) {
  auto info = co_await machine.stat(path);
  if (!info) co_return std::unexpected(std::move(info).error());
  auto collected = co_await collect(machine, path, std::move(wish), entries);
  if (collected || info->type == FileType::directory) co_return collected;
  entries.clear();
  entries.push_back(entryJson(*info, path));
  co_return Result<void>();
}

Task<Reply> list(WorldPtr world, Call call) {
  const auto& request = call.request();
  const auto path = pathIn(request);
  if (!path) co_return std::unexpected(path.error());
  ListWish wish;
  wish.pattern = request.queryValue("pattern").value_or("");
  if (const auto text = request.queryValue("recursive")) {
    const auto flag = emulation::parseFlag("recursive", *text);
    if (!flag) co_return std::unexpected(flag.error());
    wish.recursive = *flag;
  }
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  json::array entries;
  auto listing = co_await listInto(awake->machine(), *path, std::move(wish), entries);
  if (!listing) co_return fileFailure(*world, call, "open", *path, listing.error());
  json::object body;
  body["path"] = *path;
  body["count"] = entries.size();
  body["entries"] = nullptr;  // As the service says that there are none.
  if (!entries.empty()) body["entries"] = std::move(entries);
  co_return jsonReply(200, body);
}

}  // namespace

void addFileRoutes(Routes& routes) {
  routes.streamOfSprite("GET", "/fs/read", {"path", "workingDir"}, read);
  routes.onSprite(
      "PUT", "/fs/write", {"path", "workingDir", "mkdirParents", "mkdir", "mode", "asRoot"}, write);
  routes.onSprite("GET", "/fs/list", {"path", "workingDir", "recursive", "pattern"}, list);
}

}  // namespace mooring::sprites::emulated
