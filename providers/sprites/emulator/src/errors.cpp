#include "errors.hpp"

#include <mooring/emulation/text.hpp>

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::Reply;

namespace {

constexpr const char* creationLimit = "sprite_creation_rate_limited";
constexpr int limitCount = 10;
constexpr int limitWindow = 60;
constexpr int limitWait = 30;

bool saysPlainText(const emulation::Request& request) {
  static constexpr std::array<std::string_view, 3> places = {"/services", "/policy", "/exec/"};
  return std::ranges::any_of(
      places, [&](std::string_view place) { return request.route.find(place) != std::string::npos; });
}

Reply limitReply(const Error& error, Timestamp now) {
  const std::string code = error.cause ? error.cause->message : creationLimit;
  json::object body;
  body["error"] = code;
  body["message"] = code == creationLimit ? "Sprite creation rate limit exceeded"
                                          : "Too many sprites are active at the same time";
  body["limit"] = limitCount;
  body["window_seconds"] = limitWindow;
  body["retry_after_seconds"] = limitWait;
  body["current_count"] = limitCount;
  body["upgrade_available"] = true;
  body["upgrade_url"] = "https://sprites.dev/billing";
  auto reply = emulation::jsonReply(429, body);
  const auto reset = std::chrono::ceil<std::chrono::seconds>(now.time_since_epoch()).count() + limitWait;
  reply.headers.add("Retry-After", std::to_string(limitWait));
  reply.headers.add("X-RateLimit-Limit", std::to_string(limitCount));
  reply.headers.add("X-RateLimit-Remaining", "0");
  reply.headers.add("X-RateLimit-Reset", std::to_string(reset));
  return reply;
}

Reply edgePage() {
  Reply reply;
  reply.status = 502;
  reply.headers.add("Content-Type", "text/html; charset=utf-8");
  reply.body =
      "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n";
  return reply;
}

struct FileReason {
  Errc code;
  std::string_view name;
  std::string_view text;
  int status;
};

constexpr std::array fileReasons = {
    FileReason{Errc::notFound, "ENOENT", "no such file or directory", 404},
    FileReason{Errc::permissionDenied, "EACCES", "permission denied", 403},
    FileReason{Errc::conflict, "EISDIR", "is a directory", 400},
    FileReason{Errc::invalidArgument, "EINVAL", "invalid argument", 400},
};

}  // namespace

Reply errorReply(const emulation::Request& request, const Error& error, Timestamp now) {
  const int status = emulation::statusOf(error);
  if (status == 429) return limitReply(error, now);
  if (status == 502) return edgePage();
  const auto message = emulation::validUtf8(error.message);
  // That there is no such sprite, or no right to it, is said by the API, not by what runs in a sprite.
  const bool said = status != 401 && message != noSprite;
  if (said && saysPlainText(request)) return emulation::textReply(status, message + "\n");
  return emulation::jsonReply(status, json::object{{"error", message}});
}

std::unexpected<Error> limited(std::string code) {
  auto refusal = emulation::refused(429, "limited");
  refusal.error().cause = std::make_shared<const Error>(Error{.message = std::move(code)});
  return refusal;
}

Reply fileErrorReply(const std::string& verb, const std::string& path, const Error& error, bool tellsCode) {
  const auto place = emulation::validUtf8(path);
  json::object body;
  int status = emulation::statusOf(error);
  std::string reason = emulation::validUtf8(error.message);
  std::string_view name = "EIO";
  // A refusal that knows better says so: its cause is the name of the error number.
  const std::string known = error.cause && error.cause->message.starts_with('E') ? error.cause->message : "";
  if (!known.empty()) {
    name = known;
  } else if (const auto found = std::ranges::find(fileReasons, error.code, &FileReason::code);
             found != fileReasons.end()) {
    name = found->name;
    reason = found->text;
    status = found->status;
  }
  body["error"] = verb + " " + place + ": " + reason;
  body["path"] = place;
  if (tellsCode) body["code"] = name;
  return emulation::jsonReply(status, body);
}

}  // namespace mooring::sprites::emulated
