#include <mooring/http/url.hpp>

#include <algorithm>
#include <charconv>

namespace mooring::http {

namespace {

std::uint16_t usualPort(std::string_view scheme) { return scheme == "https" || scheme == "wss" ? 443 : 80; }

bool isUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(
      out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// Control characters, blanks and what RFC 3986 allows nowhere: each a way to smuggle a second header.
bool hasForbidden(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' ||
           c == '`' || c == '{' || c == '|' || c == '}';
  });
}

Result<void> readAuthority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return failure(Errc::invalidArgument,
                   "an address must not contain a user name or password; use a token instead");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return failure(Errc::invalidArgument, "an IPv6 address lacks its ']'");
    url.host = lowered(authority.substr(1, end - 1));
    auto rest = authority.substr(end + 1);
    if (!rest.empty() && rest.front() != ':')
      return failure(Errc::invalidArgument, "characters follow the host's ']'");
    port = rest.empty() ? rest : rest.substr(1);
  } else {
    const auto colon = authority.find(':');
    url.host = lowered(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return failure(Errc::invalidArgument, "an address has no host");
  url.port = usualPort(url.scheme);
  if (port.empty()) return {};
  const auto [stop, problem] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (problem != std::errc() || stop != port.data() + port.size() || url.port == 0) {
    return failure(Errc::invalidArgument,
                   "the port of host " + url.host + " is not a number from 1 to 65535");
  }
  return {};
}

}  // namespace

std::string Url::origin() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (encrypted() ? "https://" : "http://") + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string_view Url::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view Url::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string Url::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string out = scheme + "://" + (v6 ? "[" + host + "]" : host);
  if (port != usualPort(scheme)) out += ":" + std::to_string(port);
  return out + target;
}

Result<Url> parseUrl(std::string_view text) {
  if (hasForbidden(text)) {
    return failure(Errc::invalidArgument,
                   "an address contains a character that must be escaped (see http::escape)");
  }
  Url url;
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) {
    return failure(Errc::invalidArgument, "an address must begin with http:// or https://");
  }
  url.scheme = lowered(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss") {
    return failure(Errc::invalidArgument, "an address has a scheme other than http, https, ws and wss");
  }
  auto rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  if (auto read = readAuthority(rest.substr(0, end), url); !read)
    return std::unexpected(std::move(read).error());
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

Result<Url> resolveUrl(const Url& base, std::string_view reference) {
  if (reference.find("://") < reference.find_first_of("/?#")) return parseUrl(reference);
  if (reference.starts_with("//")) return parseUrl(base.scheme + ":" + std::string(reference));
  Url url = base;
  reference = reference.substr(0, reference.find('#'));
  if (hasForbidden(reference))
    return failure(Errc::invalidArgument, "a relative address contains a forbidden character");
  if (reference.empty()) return url;
  if (reference.starts_with('/')) {
    url.target = reference;
  } else if (reference.starts_with('?')) {
    url.target = std::string(base.path()) + std::string(reference);
  } else {
    const auto path = base.path();
    url.target = std::string(path.substr(0, path.rfind('/') + 1)) + std::string(reference);
  }
  return url;
}

std::string escape(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (isUnreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    }
  }
  return out;
}

std::string queryString(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += out.empty() ? '?' : '&';
    out += escape(name) + "=" + escape(value);
  }
  return out;
}

}  // namespace mooring::http
