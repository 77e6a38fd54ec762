// Many files in one request.
#include <mooring/http/url.hpp>

#include "toolbox/body.hpp"
#include "toolbox/file_facts.hpp"
#include "toolbox/form.hpp"
#include "toolbox/routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <spdlog/fmt/fmt.h>

#include <map>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

constexpr std::string_view boundary = "DAYTONA-FILE-BOUNDARY";
constexpr std::size_t longestPath = std::size_t{64} * 1024;

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

/// "files[3].path": its index and which of the two it is.
struct Field {
  std::string index;
  bool isPath = false;
};
std::optional<Field> fieldOf(std::string_view name) {
  constexpr std::string_view head = "files[";
  const auto close = name.find("].");
  if (!name.starts_with(head) || close == std::string_view::npos) return std::nullopt;
  const auto index = name.substr(head.size(), close - head.size());
  const auto kind = name.substr(close + 2);
  if (index.empty() || index.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (kind != "path" && kind != "file") return std::nullopt;
  return Field{std::string(index), kind == "path"};
}

/// What became of the parts. One that fails does not keep the others from being written.
struct Received {
  json::array files;
  json::array errors;
  void failed(const std::string& what, const std::string& why) { errors.emplace_back(what + ": " + why); }
};

Task<void> receiveFile(DaemonPtr daemon, std::shared_ptr<Form> form, std::string path, Received& received) {
  auto written = co_await daemon->machine().write(daemon->resolve(path), form, WriteOptions());
  if (written) {
    json::object file;
    file["path"] = path;
    file["bytes"] = form->bytesRead();
    received.files.emplace_back(std::move(file));
    co_return Result<void>();
  }
  // A broken form or a machine that is gone ends all of it.
  const auto& error = written.error();
  if (error.httpStatus != 0 || error.code == Errc::gone || error.code == Errc::notRunning ||
      error.code == Errc::cancelled || error.code == Errc::unavailable)
    co_return std::unexpected(error);
  received.failed(path, error.message);
  co_return Result<void>();
}

Task<emulation::Reply> bulkUpload(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto form = Form::of(exchange);
  if (!form) co_return std::unexpected(std::move(form).error());
  Received received;
  std::map<std::string, std::string> paths;
  while (true) {
    auto part = co_await (*form)->next();
    if (!part) co_return std::unexpected(std::move(part).error());
    if (!*part) break;
    const auto field = fieldOf((*part)->name);
    if (!field) co_return refusal(400, "BAD_REQUEST", "unknown field of the form: " + (*part)->name);
    if (field->isPath) {
      auto path = co_await partText(*form, longestPath);
      if (!path) co_return std::unexpected(std::move(path).error());
      paths[field->index] = trimmed(*path);
    } else if (const auto path = paths.find(field->index); path == paths.end() || path->second.empty()) {
      received.failed((*part)->name, "missing .path metadata before it");
    } else {
      auto done = co_await receiveFile(daemon, *form, path->second, received);
      if (!done) co_return std::unexpected(std::move(done).error());
    }
  }
  const bool good = received.errors.empty();
  json::object reply;
  if (!good) reply["errors"] = std::move(received.errors);
  reply["files"] = std::move(received.files);
  co_return emulation::jsonReply(good ? 200 : 400, reply);
}

std::string inQuotes(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string partHead(std::string_view name,
                     const std::string& path,
                     std::string_view type,
                     std::uint64_t size) {
  return fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"; filename*=utf-8''{}\r\n"
      "Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
      boundary,
      name,
      inQuotes(path),
      http::escape(path),
      type,
      size);
}

std::string errorPart(const emulation::Request& request,
                      const Error& error,
                      const std::string& path,
                      Timestamp now) {
  const auto body = toolboxErrorReply(request, error, now).body;
  return partHead("error", path, "application/json", body.size()) + body + "\r\n";
}

Task<void> sendText(emulation::ExchangePtr exchange, std::string text) {
  co_return co_await exchange->write(asBytes(text));
}

/// One file as a part, or why there is none.
Task<void> sendFile(DaemonPtr daemon, emulation::ExchangePtr exchange, std::string path) {
  auto info = co_await statFollowing(daemon, path);
  if (info && info->type == FileType::directory)
    info = refusal(400, "INVALID_FILE_PATH", "path points to a directory: " + path);
  if (!info) {
    co_return co_await sendText(exchange, errorPart(exchange->request(), info.error(), path, daemon->now()));
  }
  auto sent = co_await sendText(exchange, partHead("file", path, "application/octet-stream", info->size));
  if (!sent) co_return sent;
  sent = co_await daemon->machine().read(daemon->resolve(path), 0, emulation::replyBodyOf(exchange));
  if (!sent) co_return sent;
  co_return co_await sendText(exchange, "\r\n");
}

Task<void> bulkDownload(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto paths = textList(members, "paths");
  auto checked = checkBody(members);
  if (!checked) co_return checked;
  if (paths.empty()) co_return refusal(400, "BAD_REQUEST", "paths cannot be empty");

  http::Headers headers;
  headers.add("Content-Type", fmt::format("multipart/form-data; boundary={}", boundary));
  auto sent = co_await exchange->begin(200, std::move(headers), std::nullopt);
  for (std::size_t i = 0; sent && i < paths.size(); ++i) {
    sent = co_await sendFile(daemon, exchange, paths[i]);
  }
  if (!sent) co_return sent;
  co_return co_await sendText(exchange, fmt::format("--{}--\r\n", boundary));
}

}  // namespace

void addBulkRoutes(ToolboxRoutes& routes) {
  routes.on("POST", "/files/bulk-upload", bulkUpload);
  routes.stream("POST", "/files/bulk-download", bulkDownload);
}

}  // namespace mooring::daytona::emulator
