// Files: archives in, bytes out, directories.
#include <mooring/emulation/strict.hpp>

#include "archive.hpp"
#include "errors.hpp"
#include "requests.hpp"
#include "routes.hpp"

#include <boost/json/object.hpp>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

struct PathRequest {
  std::string path = {};
  std::string cwd = {};
  bool recursive = false;
};

Result<PathRequest> parsePath(std::string_view body, bool directory) {
  auto object = parsePublic(body);
  if (!object) return std::unexpected(std::move(object).error());
  emulation::Members members(*object);
  PathRequest request;
  request.path = members.text("path");
  if (object->contains("path") && request.path.empty()) members.refuse("path", "must not be empty");
  request.cwd = members.optionalText("cwd").value_or("");
  if (directory) request.recursive = members.optionalFlag("recursive").value_or(false);
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return request;
}

/// As the machine takes it: absolute, or relative to its home.
std::string placed(const std::string& path, const std::string& directory) {
  if (path.starts_with('/') || directory.empty()) return path;
  return directory.ends_with('/') ? directory + path : directory + "/" + path;
}

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
    headers.add("Content-Disposition", "attachment");
    co_return co_await exchange_->begin(200, std::move(headers), std::nullopt);
  }

 private:
  emulation::ExchangePtr exchange_;
};

Task<void> read(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = parsePath(*body, false);
  if (!request) co_return std::unexpected(std::move(request).error());
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  const auto path = placed(request->path, request->cwd);
  auto sink = std::make_shared<FileReply>(call.exchange);
  auto done = co_await (*session)->machine->read(path, 0, sink);
  if (done) co_return co_await sink->begin();
  if (call.exchange->begun()) co_return done;
  if (done.error().code == Errc::notFound) co_return refused(404, "File not found.");
  co_return fileError("reading file", path, done.error());
}

/// Other things than files are not for the archive to make.
Task<void> extract(emulation::MachinePtr machine,
                   std::shared_ptr<Archive> archive,
                   http::TarEntry entry,
                   std::string directory) {
  const auto path = placed(entry.path, directory);
  if (entry.type == FileType::directory) {
    auto made = co_await machine->makeDirectory(path, entry.mode);
    if (!made) co_return fileError("creating directory", path, made.error());
    co_return made;
  }
  if (entry.type != FileType::file) {
    co_return refused(
        400, "Invalid request: the archive holds " + entry.path + ", which is neither file nor directory");
  }
  WriteOptions options;
  options.mode = entry.mode;
  auto written = co_await machine->write(path, contentOf(archive, entry.size), options);
  if (written || written.error().httpStatus != 0) co_return written;
  co_return fileError("writing file", path, written.error());
}

Task<Reply> write(WorldPtr world, Call call) {
  const auto type = call.request().headers.get("Content-Type").value_or("");
  if (http::mediaType(type) != "application/gzip") {
    co_return refused(400, "Invalid request: `content-type` must be application/gzip");
  }
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  const std::string directory(call.request().headers.get("x-cwd").value_or(""));
  if (!directory.empty() && !directory.starts_with('/')) {
    co_return refused(400, "Invalid request: `x-cwd` must be an absolute path");
  }
  auto archive = std::make_shared<Archive>(emulation::bodyOf(call.exchange));
  for (;;) {
    auto entry = co_await archive->next();
    if (!entry) co_return std::unexpected(std::move(entry).error());
    if (!*entry) break;
    auto extracted = co_await extract((*session)->machine, archive, std::move(**entry), directory);
    if (!extracted) co_return std::unexpected(std::move(extracted).error());
  }
  co_return jsonReply(200, json::object());
}

std::string parentOf(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// As mkdir(1) without -p would.
Task<void> checkNewDirectory(emulation::MachinePtr machine, std::string path) {
  auto known = co_await machine->stat(path);
  if (known) {
    co_return refusedAs(
        400, "file_error", "error creating directory: cannot create directory '" + path + "': File exists");
  }
  auto parent = co_await machine->stat(parentOf(path));
  if (parent) co_return Result<void>();
  co_return refusedAs(
      400,
      "file_error",
      "error creating directory: cannot create directory '" + path + "': No such file or directory");
}

Task<Reply> makeDirectory(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = parsePath(*body, true);
  if (!request) co_return std::unexpected(std::move(request).error());
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  auto path = placed(request->path, request->cwd);
  while (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
  constexpr int usualMode = 0755;
  if (!request->recursive) {
    auto fresh = co_await checkNewDirectory((*session)->machine, path);
    if (!fresh) co_return std::unexpected(std::move(fresh).error());
  }
  auto made = co_await (*session)->machine->makeDirectory(path, usualMode);
  if (!made) co_return fileError("creating directory", path, made.error());
  co_return jsonReply(200, json::object());
}

}  // namespace

void addFileRoutes(Routes& routes) {
  routes.stream("POST", "/v2/sandboxes/sessions/{sessionId}/fs/read", {}, read);
  routes.on("POST", "/v2/sandboxes/sessions/{sessionId}/fs/write", {}, write);
  routes.on("POST", "/v2/sandboxes/sessions/{sessionId}/fs/mkdir", {}, makeDirectory);
}

}  // namespace mooring::vercel::emulated
