#include <mooring/emulation/router.hpp>

#include <algorithm>

namespace mooring::emulation {

namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool isNamed(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool takesRest(std::string_view segment) { return isNamed(segment) && segment.ends_with("...}"); }
std::string nameOf(std::string_view segment) {
  return std::string(segment.substr(1, segment.size() - (takesRest(segment) ? 5 : 2)));
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  const bool open = takesRest(pattern.back());
  if (open ? path.size() < pattern.size() : path.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size() - (open ? 1 : 0); ++i) {
    if (isNamed(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return false;
  }
  return true;
}

/// Whether `a` says more about the path than `b`; both fit it.
bool isCloser(const Route& a, const Route& b) {
  const auto rank = [](const std::string& segment) {
    return takesRest(segment) ? 2 : isNamed(segment) ? 1 : 0;
  };
  return std::ranges::lexicographical_compare(a.segments(), b.segments(), std::ranges::less(), rank, rank);
}

Result<void> fillParams(Request& request, const Route& route, const std::vector<std::string>& path) {
  const auto& pattern = route.segments();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!isNamed(pattern[i])) continue;
    std::string raw = path[i];
    for (std::size_t more = i + 1; takesRest(pattern[i]) && more < path.size(); ++more)
      raw += "/" + path[more];
    auto value = unescape(raw);
    if (!value) return std::unexpected(std::move(value).error());
    request.params[nameOf(pattern[i])] = std::move(*value);
  }
  return {};
}

}  // namespace

Route::Route(std::string method, std::string path, ExchangeHandler handler)
    : method_(std::move(method)),
      path_(std::move(path)),
      segments_(split(path_)),
      handler_(std::move(handler)) {}

Route& Route::query(std::initializer_list<std::string_view> names) {
  queryNames_.assign(names.begin(), names.end());
  return *this;
}

Route& Route::anyQuery() {
  anyQuery_ = true;
  return *this;
}

Result<void> Route::checkQuery(const Request& request) const {
  if (anyQuery_) return {};
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(queryNames_, name) == queryNames_.end()) {
      return refused(400, "query parameter " + name + " is unknown to " + this->name());
    }
  }
  return {};
}

Route& Router::on(std::string method, std::string path, Answer answer) {
  return stream(
      std::move(method), std::move(path), [answer = std::move(answer)](ExchangePtr exchange) -> Task<void> {
        auto reply = co_await answer(exchange);
        if (!reply) co_return std::unexpected(std::move(reply).error());
        co_return co_await exchange->reply(std::move(*reply));
      });
}

Route& Router::stream(std::string method, std::string path, ExchangeHandler handler) {
  routes_.push_back(std::make_unique<Route>(std::move(method), std::move(path), std::move(handler)));
  return *routes_.back();
}

Result<const Route*> Router::find(Request& request) const {
  const auto path = split(request.path);
  std::vector<std::string> plain;
  for (const auto& segment : path) {
    auto text = unescape(segment);
    if (!text) return std::unexpected(std::move(text).error());
    plain.push_back(std::move(*text));
  }
  const Route* best = nullptr;
  bool pathKnown = false;
  for (const auto& route : routes_) {
    if (!fits(route->segments(), plain)) continue;
    pathKnown = true;
    const bool methodFits = route->method() == "*" || route->method() == request.method ||
                            (request.method == "HEAD" && route->method() == "GET");
    if (methodFits && (best == nullptr || isCloser(*route, *best))) best = route.get();
  }
  if (best == nullptr && pathKnown) return refused(405, "Cannot " + request.method + " " + request.path);
  if (best == nullptr) return refused(404, "Cannot " + request.method + " " + request.path);
  if (auto filled = fillParams(request, *best, path); !filled)
    return std::unexpected(std::move(filled).error());
  request.route = best->name();
  return best;
}

}  // namespace mooring::emulation
