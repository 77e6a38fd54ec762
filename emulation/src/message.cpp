#include <mooring/emulation/message.hpp>

#include "digest.hpp"

#include <boost/json/serialize.hpp>

namespace mooring::emulation {

namespace {

std::optional<unsigned> hexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Request::queryValue(std::string_view name) const {
  for (const auto& [known, value] : query) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Request::queryValues(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [known, value] : query) {
    if (known == name) values.push_back(value);
  }
  return values;
}

std::string Request::param(std::string_view name) const {
  const auto found = params.find(name);
  return found == params.end() ? std::string() : found->second;
}

std::optional<std::string> Request::bearer() const {
  const auto value = headers.get("Authorization");
  constexpr std::string_view scheme = "bearer ";
  if (!value || value->size() <= scheme.size() || !http::sameName(value->substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  return std::string(value->substr(scheme.size()));
}

Reply jsonReply(int status, const boost::json::value& body) {
  Reply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "application/json; charset=utf-8");
  reply.body = boost::json::serialize(body);
  return reply;
}

Reply textReply(int status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "text/plain; charset=utf-8");
  reply.body = std::move(body);
  return reply;
}

Reply emptyReply(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

std::unexpected<Error> refused(int status, std::string message) {
  auto code = Errc::internal;
  if (status == 400 || status == 422) code = Errc::invalidArgument;
  if (status == 401) code = Errc::unauthenticated;
  if (status == 403) code = Errc::permissionDenied;
  if (status == 404 || status == 410) code = Errc::notFound;
  if (status == 409) code = Errc::conflict;
  if (status == 501) code = Errc::unsupported;
  if (status == 503) code = Errc::unavailable;
  auto error = makeError(code, std::move(message));
  error.httpStatus = status;
  return std::unexpected(std::move(error));
}

int statusOf(const Error& error) {
  if (error.httpStatus != 0) return error.httpStatus;
  switch (error.code) {
    case Errc::invalidArgument:
    case Errc::notRunning:
    case Errc::setupFailed:
      return 400;
    case Errc::unauthenticated:
      return 401;
    case Errc::permissionDenied:
      return 403;
    case Errc::notFound:
    case Errc::gone:
      return 404;
    case Errc::deadlineExceeded:
      return 408;
    case Errc::conflict:
      return 409;
    case Errc::quotaExceeded:
    case Errc::rateLimited:
      return 429;
    case Errc::unsupported:
      return 501;
    case Errc::unavailable:
    case Errc::outcomeUnknown:
      return 502;
    case Errc::notConfigured:
    case Errc::cancelled:
    case Errc::corrupted:
    case Errc::storeFailed:
    case Errc::internal:
      return 500;
  }
  return 500;
}

Result<std::string> unescape(std::string_view text, bool plusIsSpace) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto high = i + 2 < text.size() ? hexDigit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hexDigit(text[i + 2]) : std::nullopt;
      if (!high || !low) return refused(400, "\"" + std::string(text) + "\" holds a broken %-escape");
      plain += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      plain += plusIsSpace && text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

Result<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = unescape(pair.substr(0, equals), true);
    if (!name) return std::unexpected(std::move(name).error());
    auto value = unescape(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1),
                          true);
    if (!value) return std::unexpected(std::move(value).error());
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

std::string digestOf(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

}  // namespace mooring::emulation
