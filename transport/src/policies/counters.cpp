#include <mooring/http/policies/counters.hpp>
#include <mooring/http/url.hpp>

namespace mooring::http {

std::map<std::string, HostCounts> Counters::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return hosts_;
}

void Counters::update(const std::string& host, const std::function<void(HostCounts&)>& change) {
  const std::scoped_lock lock(mutex_);
  change(hosts_[host]);
}

namespace {

void count(HostCounts& counts, const Result<Response>& outcome) {
  ++counts.requests;
  if (!outcome) {
    ++counts.errors;
    return;
  }
  counts.bytesSent += outcome->bytesSent;
  counts.bytesReceived += outcome->bytesReceived;
  if (outcome->timings.newConnection) ++counts.connections;
  if (outcome->status == 429) ++counts.rateLimited;
  if (outcome->status >= 500) {
    ++counts.replies5xx;
  } else if (outcome->status >= 400) {
    ++counts.replies4xx;
  }
}

class Counting final : public Transport {
 public:
  Counting(std::shared_ptr<Transport> next, std::shared_ptr<Counters> counters)
      : next_(std::move(next)), counters_(std::move(counters)) {}

  Task<Response> send(Request request) override {
    const auto url = parseUrl(request.target);
    const std::string host = url ? url->host : std::string("(malformed)");
    const bool retry = request.attempt > 1;
    auto outcome = co_await next_->send(std::move(request));
    counters_->update(host, [&](HostCounts& counts) {
      count(counts, outcome);
      if (retry) ++counts.retries;
    });
    co_return outcome;
  }

 private:
  std::shared_ptr<Transport> next_;
  std::shared_ptr<Counters> counters_;
};

}  // namespace

std::shared_ptr<Transport> withCounters(std::shared_ptr<Transport> next, std::shared_ptr<Counters> counters) {
  if (!counters) return next;
  return std::make_shared<Counting>(std::move(next), std::move(counters));
}

}  // namespace mooring::http
