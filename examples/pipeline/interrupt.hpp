// Ctrl-C, or a reader that leaves (`| head`), as a stop token, so that a run that is broken off still cleans
// up.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <stop_token>
#include <thread>

class Interrupt {
 public:
  Interrupt() : signals_(loop_, SIGINT, SIGTERM, SIGPIPE) {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) source_.request_stop();
    });
    thread_ = std::jthread([this] { loop_.run(); });
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt() { loop_.stop(); }

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  boost::asio::io_context loop_;
  boost::asio::signal_set signals_;
  std::jthread thread_;
};
