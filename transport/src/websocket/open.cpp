#include "websocket/opening.hpp"

namespace mooring::http {

namespace detail {
namespace {

namespace ssl = asio::ssl;

class BeastWebSockets final : public WebSockets {
 public:
  explicit BeastWebSockets(Network network) : network_(std::move(network)) {}

  Task<Upgrade> open(WebSocketRequest request) override {
    auto url = parseUrl(request.url);
    if (!url) co_return std::unexpected(std::move(url).error());
    auto attempt = std::make_shared<Attempt>();
    attempt->url = std::move(*url);
    attempt->connectBy = request.connect.count() > 0 ? Clock::now() + request.connect
                                                     : Clock::time_point::max();
    attempt->request = std::move(request);
    attempt->state = co_await asio::this_coro::cancellation_state;
    if (isCancelled(attempt->state)) co_return failure(Errc::cancelled, "cancelled before anything was sent");
    if (!attempt->url.encrypted()) co_return co_await openPlain(attempt, network_);
    if (auto loaded = loadTrusted(); !loaded) co_return std::unexpected(std::move(loaded).error());
    co_return co_await openEncrypted(attempt, network_, *trusted_);
  }

 private:
  Result<void> loadTrusted() {
    if (trusted_) return {};
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    boost::system::error_code problem;
    if (!network_.caFile.empty()) static_cast<void>(context->load_verify_file(network_.caFile, problem));
    if (!problem && !network_.caDirectory.empty())
      static_cast<void>(context->add_verify_path(network_.caDirectory, problem));
    if (!problem && network_.caFile.empty() && network_.caDirectory.empty())
      static_cast<void>(context->set_default_verify_paths(problem));
    if (problem) {
      return failure(Errc::notConfigured,
                     "the trusted certificates (CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR) cannot be "
                     "read: " +
                         problem.message());
    }
    trusted_ = std::move(context);
    return {};
  }

  Network network_;
  std::unique_ptr<ssl::context> trusted_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<WebSockets> makeWebSockets(Network network) {
  return std::make_shared<detail::BeastWebSockets>(std::move(network));
}

}  // namespace mooring::http
