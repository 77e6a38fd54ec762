#include <mooring/http/policies/identity.hpp>

namespace mooring::http {

namespace {

class Identity final : public Transport {
 public:
  Identity(std::shared_ptr<Transport> next, std::shared_ptr<IdSource> ids, IdentityOptions options)
      : next_(std::move(next)), ids_(std::move(ids)), options_(std::move(options)) {}

  Task<Response> send(Request request) override {
    if (request.target.starts_with('/')) request.target.insert(0, options_.baseUrl);
    if (!options_.userAgent.empty() && !request.headers.contains("User-Agent")) {
      request.headers.add("User-Agent", options_.userAgent);
    }
    for (const auto& [name, value] : options_.headers) {
      if (!request.headers.contains(name)) request.headers.add(name, value);
    }
    std::string id;
    if (!options_.requestIdHeader.empty()) {
      id = ids_->uuid();
      request.headers.set(options_.requestIdHeader, id);
    }
    auto response = co_await next_->send(std::move(request));
    if (response) {
      response->requestId = replyId(*response).value_or(id);
    } else if (response.error().requestId.empty()) {
      response.error().requestId = id;
    }
    co_return response;
  }

 private:
  [[nodiscard]] std::optional<std::string> replyId(const Response& response) const {
    for (const auto& name : options_.replyIdHeaders) {
      if (auto value = response.headers.get(name)) return std::string(*value);
    }
    return std::nullopt;
  }

  std::shared_ptr<Transport> next_;
  std::shared_ptr<IdSource> ids_;
  IdentityOptions options_;
};

}  // namespace

Result<std::shared_ptr<Transport>> withIdentity(std::shared_ptr<Transport> next,
                                                std::shared_ptr<IdSource> ids,
                                                IdentityOptions options) {
  if (!options.baseUrl.empty()) {
    auto base = parseUrl(options.baseUrl);
    if (!base) return std::unexpected(withContext(std::move(base).error(), "the base address"));
    if (!base->query().empty()) return failure(Errc::invalidArgument, "a base address must not have a query");
    options.baseUrl = base->text();
    while (options.baseUrl.ends_with('/'))
      options.baseUrl.pop_back();
  }
  return std::make_shared<Identity>(std::move(next), std::move(ids), std::move(options));
}

}  // namespace mooring::http
