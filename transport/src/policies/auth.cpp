#include <mooring/http/policies/auth.hpp>
#include <mooring/http/url.hpp>

namespace mooring::http {

std::string bearerValue(const Secret& token) { return "Bearer " + token.reveal(); }

BearerAuth::BearerAuth(std::shared_ptr<Transport> next, Secret token, const std::vector<std::string>& trusted)
    : next_(std::move(next)), token_(std::move(token)) {
  for (const auto& url : trusted)
    trust(url);
}

void BearerAuth::trust(std::string_view url) {
  if (auto parsed = parseUrl(url)) trusted_.insert(parsed->origin());
}

Task<Response> BearerAuth::send(Request request) {
  // Only this policy speaks for the account.
  request.headers.remove("Authorization");
  if (!token_.empty()) {
    auto url = parseUrl(request.target);
    if (!url) co_return std::unexpected(std::move(url).error());
    if (trusted_.contains(url->origin())) request.headers.add("Authorization", bearerValue(token_));
  }
  co_return co_await next_->send(std::move(request));
}

}  // namespace mooring::http
