#include <mooring/http/policies/redirect.hpp>
#include <mooring/http/url.hpp>

namespace mooring::http {

namespace {

bool isRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Where to go on, or nothing when `response` is to be taken as it is.
Result<std::optional<std::string>> nextAddress(const Request& request, const Response& response) {
  if (!isRedirect(response.status)) return std::nullopt;
  if (request.method != Method::get && request.method != Method::head) return std::nullopt;
  const auto location = response.headers.get("Location");
  if (!location) return std::nullopt;
  auto base = parseUrl(request.target);
  if (!base) return std::unexpected(std::move(base).error());
  auto next = resolveUrl(*base, *location);
  if (!next) return failure(Errc::corrupted, base->host + " redirects to something that is no address");
  if (base->encrypted() && !next->encrypted()) {
    return failure(Errc::permissionDenied,
                   base->host + " redirects from https to http, which is not followed");
  }
  return next->text();
}

class Redirects final : public Transport {
 public:
  Redirects(std::shared_ptr<Transport> next, RedirectOptions options)
      : next_(std::move(next)), options_(options) {}

  Task<Response> send(Request request) override {
    // A redirect's own body is not what the sink waits for.
    if (request.sink) {
      request.sink = [sink = std::move(request.sink)](const Response& head) {
        return isRedirect(head.status) ? nullptr : sink(head);
      };
    }
    for (int hop = 0; hop <= options_.hops; ++hop) {
      auto response = co_await next_->send(request);
      if (!response) co_return response;
      auto next = nextAddress(request, *response);
      if (!next) co_return std::unexpected(std::move(next).error());
      if (!*next) co_return response;
      request.target = **std::move(next);
    }
    co_return failure(Errc::corrupted, "a chain of redirects did not end");
  }

 private:
  std::shared_ptr<Transport> next_;
  RedirectOptions options_;
};

}  // namespace

std::shared_ptr<Transport> withRedirects(std::shared_ptr<Transport> next, RedirectOptions options) {
  return std::make_shared<Redirects>(std::move(next), options);
}

}  // namespace mooring::http
