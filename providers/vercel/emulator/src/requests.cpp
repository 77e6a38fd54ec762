#include "requests.hpp"

#include <mooring/emulation/strict.hpp>

#include <algorithm>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::Members;

namespace {

constexpr std::int64_t anyNumber = std::numeric_limits<std::int64_t>::max();

bool isName(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::optional<Source> readSource(Members& members) {
  const auto* source = members.optionalObject("source");
  if (source == nullptr) return std::nullopt;
  Members inner(*source, "source.");
  Source wish;
  const auto type = inner.text("type");
  if (type == "git") {
    wish.url = inner.text("url");
    wish.depth = inner.optionalInteger("depth", 1, anyNumber);
    wish.revision = inner.optionalText("revision").value_or("");
    wish.username = inner.optionalText("username").value_or("");
    wish.password = inner.optionalText("password").value_or("");
    if (wish.username.empty() != wish.password.empty()) {
      inner.refuse("username", "and password must be given together");
    }
  } else if (type == "tarball") {
    wish.kind = SourceKind::tarball;
    wish.url = inner.text("url");
  } else if (type == "snapshot") {
    wish.kind = SourceKind::snapshot;
    wish.snapshotId = inner.text("snapshotId");
  } else {
    inner.refuse("type", "must be one of: git, tarball, snapshot");
  }
  if (auto good = inner.done(); !good) members.refuse("source", "is invalid: " + good.error().message);
  return wish;
}

std::optional<std::string> readName(Members& members) {
  auto name = members.optionalText("name");
  if (name && !isName(*name, longestName)) {
    members.refuse("name", "should match pattern \"^[A-Za-z0-9_-]{1,128}$\"");
  }
  for (const auto* taken : {"sessions", "snapshots", "drives"}) {
    if (name == taken) members.refuse("name", "is reserved");
  }
  return name;
}

}  // namespace

Result<json::object> parsePublic(std::string_view body) {
  auto object = emulation::parseObject(body);
  if (!object) return object;
  json::object open;
  for (auto& member : *object) {
    if (!member.key().starts_with("__")) open.emplace(member.key(), std::move(member.value()));
  }
  return open;
}

Result<CreateRequest> parseCreate(std::string_view body, Version version, const Plan& plan) {
  auto object = parsePublic(body);
  if (!object) return std::unexpected(std::move(object).error());
  Members members(*object);
  CreateRequest request;
  request.projectId = members.optionalText("projectId");
  request.name = readName(members);
  request.source = readSource(members);
  auto wishes = readWishes(members, *object, plan);
  if (!wishes) return std::unexpected(std::move(wishes).error());
  request.wishes = std::move(*wishes);
  // Only the second version starts from a runtime; the later ones do not know the member.
  if (version == Version::v2) {
    request.wishes.runtime = members.optionalChoice("runtime", {runtimes.begin(), runtimes.end()});
  }
  if (request.wishes.runtime && request.wishes.image)
    members.refuse("runtime", "and image exclude each other");
  const bool fromSnapshot = request.source && request.source->kind == SourceKind::snapshot;
  if (fromSnapshot && (request.wishes.runtime || request.wishes.image)) {
    members.refuse("source", "of type snapshot excludes runtime and image");
  }
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return request;
}

Result<CreateRequest> parseFork(std::string_view body, const Plan& plan) {
  auto object = parsePublic(body);
  if (!object) return std::unexpected(std::move(object).error());
  Members members(*object);
  CreateRequest request;
  request.name = readName(members);
  auto wishes = readWishes(members, *object, plan);
  if (!wishes) return std::unexpected(std::move(wishes).error());
  request.wishes = std::move(*wishes);
  if (request.wishes.mounts) members.refuse("mounts", "is unknown");
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return request;
}

Result<UpdateRequest> parseUpdate(std::string_view body, const Plan& plan) {
  auto object = parsePublic(body);
  if (!object) return std::unexpected(std::move(object).error());
  Members members(*object);
  UpdateRequest request;
  request.currentSnapshotId = members.optionalText("currentSnapshotId");
  auto wishes = readWishes(members, *object, plan);
  if (!wishes) return std::unexpected(std::move(wishes).error());
  request.wishes = std::move(*wishes);
  request.wishes.runtime = members.optionalChoice("runtime", {runtimes.begin(), runtimes.end()});
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return request;
}

Result<CommandRequest> parseCommand(std::string_view body) {
  auto object = parsePublic(body);
  if (!object) return std::unexpected(std::move(object).error());
  Members members(*object);
  CommandRequest request;
  request.program = members.text("command");
  if (object->contains("command") && request.program.empty()) members.refuse("command", "must not be empty");
  request.args = members.optionalTextList("args").value_or(std::vector<std::string>());
  request.cwd = members.optionalText("cwd").value_or("");
  request.env = members.optionalTexts("env").value_or(std::map<std::string, std::string>());
  request.sudo = members.optionalFlag("sudo").value_or(false);
  request.wait = members.optionalFlag("wait").value_or(false);
  request.logs = members.optionalFlag("logs").value_or(false);
  request.timeout = members.optionalInteger("timeout", 1, anyNumber);
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return request;
}

Result<DriveRequest> parseDrive(std::string_view body) {
  auto object = parsePublic(body);
  if (!object) return std::unexpected(std::move(object).error());
  Members members(*object);
  DriveRequest request;
  request.projectId = members.optionalText("projectId");
  request.region = members.optionalChoice("region", regionNames());
  request.maxSizeBytes = members.optionalInteger("maxSizeBytes", 1, mostDriveSize);
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return request;
}

Result<std::optional<Millis>> parseSnapshot(std::string_view body) {
  auto object = parsePublic(body);
  if (!object) return std::unexpected(std::move(object).error());
  Members members(*object);
  const auto life = readLifetime(members, "expiration");
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return life;
}

}  // namespace mooring::vercel::emulated
