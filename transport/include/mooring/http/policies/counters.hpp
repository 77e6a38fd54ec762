/// How much was sent where.
#pragma once

#include <mooring/http/transport.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace mooring::http {

struct HostCounts {
  std::uint64_t requests = 0;  ///< Retries included.
  std::uint64_t retries = 0;
  std::uint64_t errors = 0;  ///< Without a reply.
  std::uint64_t replies4xx = 0;
  std::uint64_t replies5xx = 0;
  std::uint64_t rateLimited = 0;  ///< 429, counted among the 4xx too.
  std::uint64_t bytesSent = 0;
  std::uint64_t bytesReceived = 0;
  std::uint64_t connections = 0;  ///< Opened, not reused.
};

/// Threads: any.
class Counters {
 public:
  [[nodiscard]] std::map<std::string, HostCounts> snapshot() const;
  void update(const std::string& host, const std::function<void(HostCounts&)>& change);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, HostCounts> hosts_;
};

std::shared_ptr<Transport> withCounters(std::shared_ptr<Transport> next, std::shared_ptr<Counters> counters);

}  // namespace mooring::http
