// Something that is done again and again while something else goes on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace mooring::detail {

/// Does `work` on the loop after each `interval`, for as long as it lives and `work` answers true.
/// What is under way when it ends is not waited for.
class Repeated {
 public:
  using Work = std::function<boost::asio::awaitable<bool>()>;

  Repeated(const boost::asio::any_io_executor& loop, std::chrono::milliseconds interval, Work work);
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;
  ~Repeated();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mooring::detail
