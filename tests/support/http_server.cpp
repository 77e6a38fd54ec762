#include "support/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <set>
#include <thread>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace mooring::test {

namespace {

/// TCP with or without TLS, read and written by blocking calls.
class Line {
 public:
  Line(tcp::socket socket, asio::ssl::context* tls) : socket_(std::move(socket)) {
    if (tls) {
      encrypted_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, *tls);
    }
  }

  bool handshake() {
    boost::system::error_code problem;
    if (encrypted_) static_cast<void>(encrypted_->handshake(asio::ssl::stream_base::server, problem));
    return !problem;
  }
  std::size_t read(char* data, std::size_t size, boost::system::error_code& problem) {
    return encrypted_ ? encrypted_->read_some(asio::buffer(data, size), problem)
                      : socket_.read_some(asio::buffer(data, size), problem);
  }
  bool write(std::string_view bytes) {
    boost::system::error_code problem;
    if (encrypted_) {
      asio::write(*encrypted_, asio::buffer(bytes), problem);
    } else {
      asio::write(socket_, asio::buffer(bytes), problem);
    }
    return !problem;
  }
  void close() {
    const std::scoped_lock lock(closing_);
    boost::system::error_code ignored;
    // Without a close_notify of TLS on purpose: a cut looks like that.
    static_cast<void>(socket_.shutdown(tcp::socket::shutdown_both, ignored));
    static_cast<void>(socket_.close(ignored));
  }
  void reset() {
    const std::scoped_lock lock(closing_);
    boost::system::error_code ignored;
    static_cast<void>(socket_.set_option(asio::socket_base::linger(true, 0), ignored));
    static_cast<void>(socket_.close(ignored));
  }
  /// Wakes whoever blocks on it; closing would not. May be called on any thread.
  void shutDown() {
    const std::scoped_lock lock(closing_);
    if (socket_.is_open()) ::shutdown(socket_.native_handle(), SHUT_RDWR);
  }
  tcp::socket& socket() { return socket_; }

 private:
  std::mutex closing_;
  tcp::socket socket_;
  std::unique_ptr<asio::ssl::stream<tcp::socket&>> encrypted_;
};

bool sameText(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

class LiveExchange final : public Exchange {
 public:
  LiveExchange(Line& line, std::string& unread, HttpRequest request, int number)
      : line_(line), unread_(unread), request_(std::move(request)), number_(number) {
    const auto length = request_.header("Content-Length");
    if (length) left_ = std::stoull(*length);
    const auto encoding = request_.header("Transfer-Encoding");
    chunked_ = encoding && *encoding == "chunked";
    bodyDone_ = !chunked_ && left_ == 0;
  }

  const HttpRequest& request() override { return request_; }
  int number() override { return number_; }

  void readBody() override {
    while (readSome(std::size_t{64} * 1024) > 0) {
    }
  }

  std::size_t readSome(std::size_t bytes) override {
    if (bodyDone_) return 0;
    if (chunked_ && left_ == 0) {
      const auto line = takeLine();
      if (!line) return lost();
      left_ = std::stoull(*line, nullptr, 16);
      if (left_ == 0) {
        takeLine();
        bodyDone_ = true;
        return 0;
      }
    }
    const auto piece = take(std::min<std::size_t>(bytes, left_));
    if (piece.empty()) return lost();
    request_.body += piece;
    left_ -= piece.size();
    if (left_ == 0) {
      if (chunked_) {
        takeLine();
      } else {
        bodyDone_ = true;
      }
    }
    return piece.size();
  }

  void reply(int status,
             std::string_view body,
             const std::vector<std::pair<std::string, std::string>>& headers) override {
    readBody();
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Status\r\n";
    for (const auto& [name, value] : headers)
      text += name + ": " + value + "\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    if (request_.method != "HEAD") text += body;
    keep_ = line_.write(text);
  }

  bool send(std::string_view bytes) override { return line_.write(bytes); }
  void close() override {
    keep_ = false;
    line_.close();
  }
  void reset() override {
    keep_ = false;
    line_.reset();
  }
  bool clientGone() override {
    keep_ = false;
    char byte = 0;
    boost::system::error_code problem;
    return line_.read(&byte, 1, problem) == 0 && problem;
  }
  [[nodiscard]] bool keep() const { return keep_ && bodyDone_; }

 private:
  std::size_t lost() {
    bodyDone_ = true;
    keep_ = false;
    return 0;
  }
  bool more() {
    std::string piece(std::size_t{64} * 1024, '\0');
    boost::system::error_code problem;
    piece.resize(line_.read(piece.data(), piece.size(), problem));
    unread_ += piece;
    return !problem;
  }
  std::string take(std::size_t atMost) {
    if (unread_.empty() && !more()) return {};
    auto piece = unread_.substr(0, atMost);
    unread_.erase(0, piece.size());
    return piece;
  }
  std::optional<std::string> takeLine() {
    for (;;) {
      const auto end = unread_.find("\r\n");
      if (end != std::string::npos) {
        auto text = unread_.substr(0, end);
        unread_.erase(0, end + 2);
        return text;
      }
      if (!more()) return std::nullopt;
    }
  }

  Line& line_;
  std::string& unread_;
  HttpRequest request_;
  int number_;
  std::size_t left_ = 0;
  bool chunked_ = false;
  bool bodyDone_ = false;
  bool keep_ = false;
};

std::optional<HttpRequest> readHead(Line& line, std::string& unread) {
  std::size_t end = 0;
  while ((end = unread.find("\r\n\r\n")) == std::string::npos) {
    std::string piece(std::size_t{16} * 1024, '\0');
    boost::system::error_code problem;
    piece.resize(line.read(piece.data(), piece.size(), problem));
    if (piece.empty()) return std::nullopt;
    unread += piece;
  }
  HttpRequest request;
  std::string_view head(unread.data(), end);
  const auto first = head.substr(0, head.find("\r\n"));
  request.method = first.substr(0, first.find(' '));
  const auto rest = first.substr(request.method.size() + 1);
  request.target = rest.substr(0, rest.find(' '));
  head.remove_prefix(std::min(first.size() + 2, head.size()));
  while (!head.empty()) {
    const auto field = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(field.size() + 2, head.size()));
    const auto colon = field.find(':');
    auto value = field.substr(std::min(colon + 1, field.size()));
    while (value.starts_with(' '))
      value.remove_prefix(1);
    request.headers.emplace_back(field.substr(0, colon), value);
  }
  unread.erase(0, end + 4);
  return request;
}

}  // namespace

void Latch::open() {
  const std::scoped_lock lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool Latch::wait() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return open_; });
}

bool Latch::isOpen() {
  const std::scoped_lock lock(mutex_);
  return open_;
}

std::optional<std::string> HttpRequest::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (sameText(known, name)) return value;
  }
  return std::nullopt;
}

struct HttpServer::State {
  State(Script given, const HttpServerOptions& options)
      : script(std::move(given)), acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    if (options.tls) {
      tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
      tls->use_certificate_chain(asio::buffer(options.tls->certificatePem));
      tls->use_private_key(asio::buffer(options.tls->keyPem), asio::ssl::context::pem);
    }
    port = acceptor.local_endpoint().port();
  }

  void accept() {
    for (;;) {
      boost::system::error_code problem;
      tcp::socket socket(loop);
      static_cast<void>(acceptor.accept(socket, problem));
      const std::scoped_lock lock(mutex);
      if (stopping) return;
      if (problem) continue;
      ++connections;
      auto line = std::make_shared<Line>(std::move(socket), tls.get());
      lines.insert(line);
      mostAtOnce = std::max(mostAtOnce, static_cast<int>(lines.size()));
      threads.emplace_back([this, line] { serve(line); });
    }
  }

  void serve(const std::shared_ptr<Line>& line) {
    std::string unread;
    int number = 0;
    if (line->handshake()) {
      while (auto request = readHead(*line, unread)) {
        ++requests;
        LiveExchange exchange(*line, unread, *std::move(request), ++number);
        script(exchange);
        if (!exchange.keep()) break;
      }
    }
    const std::scoped_lock lock(mutex);
    line->close();
    lines.erase(line);
  }

  /// Ends all blocking calls, then all threads.
  void stop() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
      ::shutdown(acceptor.native_handle(), SHUT_RDWR);
      for (const auto& line : lines)
        line->shutDown();
    }
    acceptThread.join();
    for (auto& thread : threads)
      thread.join();
  }

  Script script;
  asio::io_context loop;
  tcp::acceptor acceptor;
  std::unique_ptr<asio::ssl::context> tls;
  unsigned short port = 0;
  std::thread acceptThread;
  std::mutex mutex;
  bool stopping = false;
  std::set<std::shared_ptr<Line>> lines;
  std::vector<std::thread> threads;
  std::atomic<int> connections = 0;
  std::atomic<int> requests = 0;
  int mostAtOnce = 0;
};

HttpServer::HttpServer(Script script, HttpServerOptions options)
    : state_(std::make_shared<State>(std::move(script), options)) {
  state_->acceptThread = std::thread([state = state_.get()] { state->accept(); });
}

HttpServer::~HttpServer() { state_->stop(); }

std::string HttpServer::url(std::string_view target) const {
  return (state_->tls ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(state_->port) +
         std::string(target);
}

unsigned short HttpServer::port() const { return state_->port; }
int HttpServer::connections() const { return state_->connections; }
int HttpServer::requests() const { return state_->requests; }
int HttpServer::mostAtOnce() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->mostAtOnce;
}

unsigned short closedPort() {
  asio::io_context loop;
  tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

}  // namespace mooring::test
