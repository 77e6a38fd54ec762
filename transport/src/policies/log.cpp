#include <mooring/http/policies/log.hpp>
#include <mooring/http/url.hpp>

#include <spdlog/fmt/fmt.h>
#include <spdlog/logger.h>

#include <algorithm>

namespace mooring::http {

namespace {

bool listed(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& known) { return sameName(known, name); });
}

std::string maskedQuery(std::string_view query, const LogOptions& options) {
  std::string out;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto name = pair.substr(0, pair.find('='));
    out += out.empty() ? '?' : '&';
    if (listed(options.query, name)) {
      out += pair;
    } else {
      // Even a name may be the secret: "?dtn_abc123".
      out += name.size() == pair.size() ? "*" : fmt::format("{}=*", name);
    }
  }
  return out;
}

std::string shown(std::string_view target, const std::string& route, const LogOptions& options) {
  const auto url = parseUrl(target);
  if (!url) return route.empty() ? "(malformed)" : route;
  const auto place = url->origin();
  return place.substr(place.find("://") + 3) + (route.empty() ? std::string(url->path()) : route) +
         maskedQuery(url->query(), options);
}

class Log final : public Transport {
 public:
  Log(std::shared_ptr<Transport> next, std::shared_ptr<spdlog::logger> log, LogOptions options)
      : next_(std::move(next)), log_(std::move(log)), options_(std::move(options)) {}

  Task<Response> send(Request request) override {
    if (!log_->should_log(spdlog::level::debug)) co_return co_await next_->send(std::move(request));
    const auto what = redacted(request, options_);
    const auto start = std::chrono::steady_clock::now();
    auto response = co_await next_->send(std::move(request));
    const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(
                           std::chrono::steady_clock::now() - start)
                           .count();
    if (response) {
      log_->debug("http request=\"{}\" status={} ms={} sent={} received={} new_connection={}{}",
                  what,
                  response->status,
                  taken,
                  response->bytesSent,
                  response->bytesReceived,
                  response->timings.newConnection,
                  facts(*response));
    } else {
      log_->debug("http request=\"{}\" error={} ms={}", what, toString(response.error().code), taken);
    }
    co_return response;
  }

 private:
  [[nodiscard]] std::string facts(const Response& response) const {
    std::string out;
    for (const auto& [name, value] : response.headers) {
      if (listed(options_.headers, name)) out += fmt::format(" {}=\"{}\"", name, value);
    }
    return out;
  }

  std::shared_ptr<Transport> next_;
  std::shared_ptr<spdlog::logger> log_;
  LogOptions options_;
};

}  // namespace

std::string redacted(const Request& request, const LogOptions& options) {
  return fmt::format("{} {}", toString(request.method), shown(request.target, request.route, options));
}

std::string redactedUrl(std::string_view url, const LogOptions& options) { return shown(url, {}, options); }

std::shared_ptr<Transport> withLog(std::shared_ptr<Transport> next,
                                   std::shared_ptr<spdlog::logger> log,
                                   LogOptions options) {
  if (!log) return next;
  return std::make_shared<Log>(std::move(next), std::move(log), std::move(options));
}

}  // namespace mooring::http
