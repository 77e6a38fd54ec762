// Everything about files but what is in them.
#include "toolbox/body.hpp"
#include "toolbox/file_facts.hpp"
#include "toolbox/routes.hpp"

#include <boost/json/array.hpp>

#include <limits>

namespace mooring::daytona::emulator {

namespace {

Task<emulation::Reply> listFiles(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  const auto& request = exchange->request();
  const auto path = request.queryValue("path").value_or("");
  int depth = 1;
  if (const auto text = request.queryValue("depth"); text && daemon->release() != Release::v190) {
    auto number = emulation::parseInteger("depth", *text, 1, std::numeric_limits<int>::max());
    if (!number) co_return std::unexpected(std::move(number).error());
    depth = static_cast<int>(*number);
  }
  auto found = co_await walk(daemon, path, depth);
  if (!found) co_return std::unexpected(std::move(found).error());
  boost::json::array reply;
  for (const auto& one : *found) {
    reply.push_back(fileFacts(*daemon, one.info, one.path));
  }
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> fileInfo(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto path = requiredQuery(exchange->request(), "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  auto info = co_await statFollowing(daemon, *path);
  if (!info) co_return std::unexpected(std::move(info).error());
  co_return emulation::jsonReply(200, fileFacts(*daemon, *info, *path));
}

Task<emulation::Reply> createFolder(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto path = requiredQuery(exchange->request(), "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  auto text = requiredQuery(exchange->request(), "mode");
  if (!text) co_return std::unexpected(std::move(text).error());
  auto mode = parseMode(*text);
  if (!mode) co_return std::unexpected(std::move(mode).error());
  auto made = co_await daemon->machine().makeDirectory(daemon->resolve(*path), *mode);
  if (!made) co_return fileRefusal(made.error(), *path);
  co_return emulation::emptyReply(201);
}

Task<emulation::Reply> deleteFile(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  const auto& request = exchange->request();
  auto path = requiredQuery(request, "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  bool recursive = false;
  if (const auto text = request.queryValue("recursive")) {
    auto flag = emulation::parseFlag("recursive", *text);
    if (!flag) co_return std::unexpected(std::move(flag).error());
    recursive = *flag;
  }
  const auto place = daemon->resolve(*path);
  auto info = co_await daemon->machine().stat(place);
  if (!info) co_return fileRefusal(info.error(), *path);
  if (info->type == FileType::directory && !recursive)
    co_return refusal(400, "BAD_REQUEST", "cannot delete directory without recursive flag");
  auto removed = co_await daemon->machine().remove(place, recursive ? RemoveMode::tree : RemoveMode::file);
  if (!removed) co_return fileRefusal(removed.error(), *path);
  co_return emulation::emptyReply(204);
}

Task<emulation::Reply> moveFile(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto source = requiredQuery(exchange->request(), "source");
  if (!source) co_return std::unexpected(std::move(source).error());
  auto destination = requiredQuery(exchange->request(), "destination");
  if (!destination) co_return std::unexpected(std::move(destination).error());
  const auto from = daemon->resolve(*source);
  const auto to = daemon->resolve(*destination);
  auto there = co_await daemon->machine().stat(from);
  if (!there) co_return fileRefusal(there.error(), *source);
  auto taken = co_await daemon->machine().stat(to);
  if (taken) co_return refusal(409, "CONFLICT", "destination already exists: " + *destination);
  if (taken.error().code != Errc::notFound) co_return fileRefusal(taken.error(), *destination);
  auto moved = co_await daemon->machine().move(from, to);
  if (!moved) co_return fileRefusal(moved.error(), *destination);
  co_return emulation::emptyReply(200);
}

/// There is no other way to a file's owner than a program.
Task<void> changeOwner(DaemonPtr daemon, std::string owner, std::string path) {
  CommandSpec spec;
  spec.program = "chown";
  spec.args = {"--", std::move(owner), daemon->resolve(path)};
  auto output = co_await daemon->machine().runCaptured(std::move(spec));
  if (!output) co_return std::unexpected(std::move(output).error());
  if (output->end.exitCode != 0) co_return refusal(403, "FILE_ACCESS_DENIED", output->err);
  co_return Result<void>();
}

Task<emulation::Reply> setPermissions(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  const auto& request = exchange->request();
  auto path = requiredQuery(request, "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  auto info = co_await statFollowing(daemon, *path);
  if (!info) co_return std::unexpected(std::move(info).error());
  if (const auto text = request.queryValue("mode"); text && !text->empty()) {
    auto mode = parseMode(*text);
    if (!mode) co_return std::unexpected(std::move(mode).error());
    auto set = co_await daemon->machine().setMode(daemon->resolve(*path), *mode);
    if (!set) co_return fileRefusal(set.error(), *path);
  }
  const auto owner = request.queryValue("owner").value_or("");
  const auto group = request.queryValue("group").value_or("");
  if (!owner.empty() || !group.empty()) {
    auto changed = co_await changeOwner(daemon, group.empty() ? owner : owner + ":" + group, *path);
    if (!changed) co_return std::unexpected(std::move(changed).error());
  }
  co_return emulation::emptyReply(200);
}

}  // namespace

void addFileRoutes(ToolboxRoutes& routes) {
  routes.on("GET", "/files", listFiles).query({"path", "depth"});
  routes.on("GET", "/files/info", fileInfo).query({"path"});
  routes.on("POST", "/files/folder", createFolder).query({"path", "mode"});
  routes.on("DELETE", "/files", deleteFile).query({"path", "recursive"});
  routes.on("POST", "/files/move", moveFile).query({"source", "destination"});
  routes.on("POST", "/files/permissions", setPermissions).query({"path", "owner", "group", "mode"});
}

}  // namespace mooring::daytona::emulator
