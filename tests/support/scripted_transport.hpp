#pragma once

/// A transport that answers what a test told it, and remembers what it was sent.

#include <mooring/http/transport.hpp>

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace mooring::test {

/// Threads: the loop's, once it runs.
class ScriptedTransport final : public http::Transport {
 public:
  /// The next request gets this; each once, in order. Without any left, an internal error.
  void reply(int status, std::string body = std::string(), http::Headers headers = http::Headers());
  void fail(Error error);
  /// The next request is answered by `answer`, which may wait.
  void answer(std::function<Task<http::Response>(http::Request)> answer);

  Task<http::Response> send(http::Request request) override;

  [[nodiscard]] const http::Request& sent(std::size_t index) const { return sent_.at(index); }
  [[nodiscard]] std::size_t count() const { return sent_.size(); }

 private:
  std::deque<std::function<Task<http::Response>(http::Request)>> answers_;
  std::vector<http::Request> sent_;
};

}  // namespace mooring::test
