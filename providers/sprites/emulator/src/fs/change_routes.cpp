// Files removed, renamed, copied, and whose they are.
#include <mooring/emulation/strict.hpp>
#include <mooring/http/text.hpp>

#include "fs/failure.hpp"
#include "fs/paths.hpp"
#include "routes.hpp"

#include <boost/json/array.hpp>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::Reply;

namespace {

/// What all of them take. Their `asRoot` is accepted: there is one user.
struct Change {
  std::string path = {};
  std::string target = {};  ///< Of rename and copy.
  bool recursive = false;
  bool keepsAttributes = false;
  int mode = 0;
  std::string owner = {};  ///< "uid:gid", as chown(1) takes it.
};

std::string place(emulation::Members& members, std::string_view name, const std::string& directory) {
  const auto path = members.text(name);
  if (path.empty()) members.refuse(name, "is required");
  return placed(path, directory);
}

/// A number, or a name.
std::string ownerPart(emulation::Members& members, const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value != nullptr && value->is_string()) return members.optionalText(name).value_or("");
  constexpr std::int64_t most = std::int64_t{1} << 32;
  const auto number = members.optionalInteger(name, 0, most);
  return number ? std::to_string(*number) : std::string();
}

enum class Kind { rename, copy, chmod, chown };

Result<Change> parseChange(std::string_view body, Kind kind) {
  auto object = emulation::parseObject(body);
  if (!object) return std::unexpected(std::move(object).error());
  emulation::Members members(*object);
  Change change;
  const auto directory = members.optionalText("workingDir").value_or("");
  const bool moves = kind == Kind::rename || kind == Kind::copy;
  change.path = place(members, moves ? "source" : "path", directory);
  if (moves) change.target = place(members, "dest", directory);
  members.optionalFlag("asRoot");
  if (kind != Kind::rename) change.recursive = members.optionalFlag("recursive").value_or(false);
  if (kind == Kind::copy) change.keepsAttributes = members.optionalFlag("preserveAttrs").value_or(false);
  if (kind == Kind::chmod) {
    const auto mode = parseMode(members.text("mode"));
    if (!mode) return std::unexpected(mode.error());
    change.mode = *mode;
  }
  if (kind == Kind::chown) {
    const auto user = ownerPart(members, *object, "uid");
    const auto group = ownerPart(members, *object, "gid");
    if (user.empty() && group.empty()) members.refuse("uid", "or gid is required");
    change.owner = user + (group.empty() ? "" : ":" + group);
  }
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return change;
}

struct Prepared {
  Change change = {};
  Awake awake = {};
};

Task<Prepared> prepare(WorldPtr world, Call call, Kind kind) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto change = parseChange(*body, kind);
  if (!change) co_return std::unexpected(std::move(change).error());
  auto awake = co_await awakeSprite(std::move(world), std::move(call));
  if (!awake) co_return std::unexpected(std::move(awake).error());
  Prepared prepared;
  prepared.change = std::move(*change);
  prepared.awake = std::move(*awake);
  co_return prepared;
}

/// Does it with a program of the machine's. Errors: with the error number's name.
Task<void> runTool(emulation::Machine& machine, std::vector<std::string> argv) {
  CommandSpec command;
  command.program = argv.front();
  command.args.assign(argv.begin() + 1, argv.end());
  auto done = co_await machine.runCaptured(std::move(command));
  if (!done) co_return std::unexpected(std::move(done).error());
  if (done->end.exitCode == 0) co_return Result<void>();
  const auto says = [&](std::string_view words) { return done->err.find(words) != std::string::npos; };
  if (says("No such file")) co_return fileRefusal(404, "ENOENT", "no such file or directory");
  if (says("not permitted")) co_return fileRefusal(403, "EPERM", "operation not permitted");
  if (says("Permission denied")) co_return fileRefusal(403, "EACCES", "permission denied");
  if (says("Invalid argument")) co_return fileRefusal(400, "EINVAL", "invalid argument");
  if (says("invalid user") || says("invalid group"))
    co_return fileRefusal(400, "EINVAL", "unknown user or group");
  if (says("omitting directory")) co_return fileRefusal(400, "EISDIR", "is a directory");
  co_return fileRefusal(500, "EIO", http::oneLine(done->err));
}

json::object affected(const std::string& member, const std::string& path) {
  json::object body;
  body[member] = json::array{path};
  body["count"] = 1;
  return body;
}

/// An empty directory goes without being asked twice.
Task<void> checkRemovable(emulation::Machine& machine, std::string path, bool recursive) {
  auto info = co_await machine.stat(path);
  if (!info) co_return std::unexpected(std::move(info).error());
  if (recursive || info->type != FileType::directory) co_return Result<void>();
  auto inside = co_await machine.list(path);
  if (!inside) co_return std::unexpected(std::move(inside).error());
  if (!inside->empty()) co_return fileRefusal(400, "ENOTEMPTY", "directory not empty");
  co_return Result<void>();
}

Task<Reply> remove(WorldPtr world, Call call) {
  const auto& request = call.request();
  const auto path = pathIn(request);
  if (!path) co_return std::unexpected(path.error());
  bool recursive = false;
  for (const auto* name : {"recursive", "asRoot"}) {
    const auto text = request.queryValue(name);
    if (!text) continue;
    const auto flag = emulation::parseFlag(name, *text);
    if (!flag) co_return std::unexpected(flag.error());
    if (std::string_view(name) == "recursive") recursive = *flag;
  }
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto& machine = awake->machine();
  auto removed = co_await checkRemovable(machine, *path, recursive);
  if (removed) removed = co_await machine.remove(*path, RemoveMode::tree);
  if (!removed) co_return fileFailure(*world, call, "remove", *path, removed.error());
  co_return jsonReply(200, affected("deleted", *path));
}

Task<Reply> rename(WorldPtr world, Call call) {
  auto prepared = co_await prepare(world, call, Kind::rename);
  if (!prepared) co_return std::unexpected(std::move(prepared).error());
  const auto& change = prepared->change;
  auto moved = co_await prepared->awake.machine().move(change.path, change.target);
  if (!moved) co_return fileFailure(*world, call, "rename", change.path, moved.error());
  json::object body;
  body["source"] = change.path;
  body["dest"] = change.target;
  co_return jsonReply(200, body);
}

/// Files below `path`, and what they hold.
Task<std::uint64_t> sizeOf(emulation::Machine& machine, std::string path) {
  auto info = co_await machine.stat(path);
  if (!info) co_return std::unexpected(std::move(info).error());
  if (info->type != FileType::directory) co_return info->size;
  auto inside = co_await machine.list(path);
  if (!inside) co_return std::unexpected(std::move(inside).error());
  std::uint64_t total = 0;
  for (const auto& entry : *inside) {
    auto size = co_await sizeOf(machine, childOf(path, entry.name));
    if (!size) co_return size;
    total += *size;
  }
  co_return total;
}

Task<Reply> copy(WorldPtr world, Call call) {
  auto prepared = co_await prepare(world, call, Kind::copy);
  if (!prepared) co_return std::unexpected(std::move(prepared).error());
  const auto& change = prepared->change;
  auto& machine = prepared->awake.machine();
  std::vector<std::string> argv = {"cp"};
  if (change.recursive) argv.emplace_back("-R");
  if (change.keepsAttributes) argv.emplace_back("-p");
  argv.insert(argv.end(), {"-T", "--", change.path, change.target});
  auto copied = co_await runTool(machine, std::move(argv));
  if (!copied) co_return fileFailure(*world, call, "copy", change.path, copied.error());
  auto size = co_await sizeOf(machine, change.target);
  json::object pair;
  pair["source"] = change.path;
  pair["dest"] = change.target;
  json::object body;
  body["copied"] = json::array{std::move(pair)};
  body["count"] = 1;
  body["totalBytes"] = size.value_or(0);
  co_return jsonReply(200, body);
}

Task<Reply> chmod(WorldPtr world, Call call) {
  auto prepared = co_await prepare(world, call, Kind::chmod);
  if (!prepared) co_return std::unexpected(std::move(prepared).error());
  const auto& change = prepared->change;
  auto& machine = prepared->awake.machine();
  std::vector<std::string> argv = {"chmod", "-R", modeText(change.mode), "--", change.path};
  auto changing = change.recursive ? runTool(machine, std::move(argv))
                                   : machine.setMode(change.path, change.mode);
  auto changed = co_await std::move(changing);
  if (!changed) co_return fileFailure(*world, call, "chmod", change.path, changed.error());
  co_return jsonReply(200, affected("affected", change.path));
}

Task<Reply> chown(WorldPtr world, Call call) {
  auto prepared = co_await prepare(world, call, Kind::chown);
  if (!prepared) co_return std::unexpected(std::move(prepared).error());
  const auto& change = prepared->change;
  std::vector<std::string> argv = {"chown"};
  if (change.recursive) argv.emplace_back("-R");
  argv.insert(argv.end(), {change.owner, "--", change.path});
  auto changed = co_await runTool(prepared->awake.machine(), std::move(argv));
  if (!changed) co_return fileFailure(*world, call, "chown", change.path, changed.error());
  co_return jsonReply(200, affected("affected", change.path));
}

}  // namespace

void addFileChangeRoutes(Routes& routes) {
  routes.onSprite("DELETE", "/fs/delete", {"path", "workingDir", "recursive", "asRoot"}, remove);
  routes.onSprite("POST", "/fs/rename", {}, rename);
  routes.onSprite("POST", "/fs/copy", {}, copy);
  routes.onSprite("POST", "/fs/chmod", {}, chmod);
  routes.onSprite("POST", "/fs/chown", {}, chown);
}

}  // namespace mooring::sprites::emulated
