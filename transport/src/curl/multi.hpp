#pragma once

// libcurl's multi interface on an Asio loop.
//
// libcurl tells which sockets it waits for; they go into an epoll set of our own, and Asio watches that one
// descriptor. Handing each socket to Asio does not work: some never pass the open callback, and "remove" does
// not mean "closed", so that Asio would keep state for a number that is already another socket (curl issues
// 2734, 5747, 14976).

#include <mooring/http/engine.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace mooring::http::detail {

/// Told when its transfer has ended.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void ended(CURLcode code) = 0;
};

/// Threads: the loop's, destruction included.
class Multi : public std::enable_shared_from_this<Multi> {
 public:
  Multi(boost::asio::any_io_executor loop, EngineOptions options);
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  ~Multi();

  /// Errors: internal.
  Result<void> open();

  /// A handle without options, ready to be configured; give it back with recycle().
  CURL* acquire();
  void recycle(CURL* easy);

  /// Starts the transfer; `listener` (also its CURLOPT_PRIVATE) lives until remove().
  Result<void> add(CURL* easy, Listener& listener);
  /// Ends it if it is not over: its connection is closed, or its stream reset.
  void remove(CURL* easy);

  [[nodiscard]] const EngineOptions& options() const { return options_; }
  [[nodiscard]] const boost::asio::any_io_executor& loop() const { return loop_; }
  [[nodiscard]] CURLSH* share() const { return share_; }

 private:
  static int socketChanged(CURL* easy, curl_socket_t socket, int what, void* self, void* perSocket);
  static int timerChanged(CURLM* multi, long milliseconds, void* self);
  void watch();
  void serveSockets();
  void serveTimer();
  void act(curl_socket_t socket, int events);
  void harvest();

  boost::asio::any_io_executor loop_;
  EngineOptions options_;
  boost::asio::posix::stream_descriptor epoll_;
  boost::asio::steady_timer timer_;
  std::uint64_t timerRound_ = 0;  ///< Tells a timer that was set again from the one that fired.
  CURLM* multi_ = nullptr;
  CURLSH* share_ = nullptr;
  std::vector<CURL*> spare_;
};

}  // namespace mooring::http::detail
