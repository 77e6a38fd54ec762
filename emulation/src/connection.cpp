#include "connection.hpp"

#include "live_exchange.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include <poll.h>
#include <sys/socket.h>

namespace mooring::emulation {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

constexpr std::uint32_t headLimit = 256 * 1024;
/// What is read of a body that the handler did not want, before the connection is rather closed.
constexpr std::size_t drainLimit = std::size_t{1} << 20;

std::string plainRefusal(int status, std::string_view why) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reasonOf(status)) +
         "\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " +
         std::to_string(why.size()) + "\r\n\r\n" + std::string(why);
}

}  // namespace

asio::awaitable<void> Connection::serve() {
  const auto self = shared_from_this();
  boost::system::error_code ignored;
  static_cast<void>(socket_->set_option(tcp::no_delay(true), ignored));
  for (;;) {
    const bool more = co_await serveOne();
    if (!more) break;
  }
  if (socket_->is_open()) {
    static_cast<void>(socket_->shutdown(tcp::socket::shutdown_both, ignored));
    static_cast<void>(socket_->close(ignored));
  }
}

asio::awaitable<bool> Connection::serveOne() {
  auto parser = std::make_unique<RequestParser>();
  parser->header_limit(headLimit);
  parser->body_limit(boost::none);
  const auto [problem, size] = co_await beast::http::async_read_header(*socket_, buffer_, *parser, quiet());
  if (problem) {
    const bool malformed = problem.category() == make_error_code(beast::http::error::bad_method).category() &&
                           problem != beast::http::error::end_of_stream &&
                           problem != beast::http::error::partial_message;
    if (malformed) {
      const auto refusal = plainRefusal(400, "this is not HTTP: " + problem.message());
      co_await asio::async_write(*socket_, asio::buffer(refusal), quiet());
    }
    co_return false;
  }
  auto exchange = std::make_shared<LiveExchange>(shared_from_this(), std::move(parser));
  if (!exchange->takeHead()) {
    const auto refusal = plainRefusal(400, "the request's target holds a broken %-escape");
    co_await asio::async_write(*socket_, asio::buffer(refusal), quiet());
    co_return false;
  }
  // Cancelled on its own, so that this coroutine lives to clean up.
  co_await asio::co_spawn(co_await asio::this_coro::executor,
                          answer(exchange),
                          asio::bind_cancellation_slot(handlerCancel_.slot(), asio::use_awaitable));
  stopWatching();
  const bool more = co_await exchange->conclude(drainLimit);
  co_return more && socket_->is_open();
}

asio::awaitable<void> Connection::answer(ExchangePtr exchange) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Result<void> done;
  try {
    done = co_await handler_(exchange);
  } catch (const std::exception& e) {
    done = failure(Errc::internal, std::string("unexpected exception: ") + e.what());
  }
  if (done) co_return;
  if (exchange->begun()) {
    cut();
    co_return;
  }
  auto refusal = textReply(500, done.error().message);
  co_await exchange->reply(std::move(refusal));
}

void Connection::cancel() {
  cut();
  handlerCancel_.emit(asio::cancellation_type::terminal);
}

void Connection::reset() {
  boost::system::error_code ignored;
  static_cast<void>(socket_->set_option(asio::socket_base::linger(true, 0), ignored));
  static_cast<void>(socket_->close(ignored));
}

void Connection::cut() {
  boost::system::error_code ignored;
  static_cast<void>(socket_->shutdown(tcp::socket::shutdown_both, ignored));
  static_cast<void>(socket_->close(ignored));
}

void Connection::watch() {
  watching_ = true;
  armWatch();
}

void Connection::armWatch() {
  if (waiting_ || !socket_->is_open()) return;
  waiting_ = true;
  socket_->async_wait(tcp::socket::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& problem) {
                        self->waiting_ = false;
                        if (self->watching_ && !problem) self->clientLeft();
                      });
}

void Connection::clientLeft() {
  char byte = 0;
  const auto count = ::recv(socket_->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return armWatch();
  // With a next request in the pipe an end behind it shows only when that one is read.
  if (count > 0) return;
  watching_ = false;
  handlerCancel_.emit(asio::cancellation_type::terminal);
}

}  // namespace mooring::emulation
