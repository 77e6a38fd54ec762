#include "watched_exchange.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace mooring::emulation {

namespace {

constexpr std::size_t keptOfBody = std::size_t{1} << 20;

void keep(std::string& kept, std::span<const std::byte> bytes) {
  kept += asText(bytes.first(std::min(bytes.size(), keptOfBody - std::min(keptOfBody, kept.size()))));
}

/// A WebSocket that ends without a word after some bytes.
class CutSocket final : public http::WebSocket {
 public:
  CutSocket(std::shared_ptr<http::WebSocket> inner, std::uint64_t left, std::function<void()> cut)
      : inner_(std::move(inner)), left_(left), cut_(std::move(cut)) {}

  Task<std::optional<http::Message>> read() override { return inner_->read(); }
  Task<void> write(http::Message message) override {
    if (message.data.size() <= left_) {
      left_ -= message.data.size();
      co_return co_await inner_->write(std::move(message));
    }
    message.data.resize(left_);
    left_ = 0;
    if (!message.data.empty()) {
      auto written = co_await inner_->write(std::move(message));
      if (!written) co_return written;
    }
    cut_();
    co_return failure(Errc::unavailable, "a fault cut this WebSocket");
  }
  void close(std::uint16_t code, std::string reason) override { inner_->close(code, std::move(reason)); }
  [[nodiscard]] http::CloseReason closing() const override { return inner_->closing(); }
  [[nodiscard]] std::string subprotocol() const override { return inner_->subprotocol(); }

 private:
  std::shared_ptr<http::WebSocket> inner_;
  std::uint64_t left_;
  std::function<void()> cut_;
};

/// What a handler gets whose client never learns that it was accepted.
class DeadSocket final : public http::WebSocket {
 public:
  Task<std::optional<http::Message>> read() override { co_return gone(); }
  Task<void> write(http::Message /*message*/) override { co_return gone(); }
  void close(std::uint16_t /*code*/, std::string /*reason*/) override {}
  [[nodiscard]] http::CloseReason closing() const override { return {}; }
  [[nodiscard]] std::string subprotocol() const override { return {}; }

 private:
  static std::unexpected<Error> gone() { return failure(Errc::unavailable, "a fault ended this WebSocket"); }
};

}  // namespace

Task<std::size_t> WatchedExchange::read(std::span<std::byte> buffer) {
  auto count = co_await inner().read(buffer);
  if (count && *count > 0) {
    const auto bytes = buffer.first(*count);
    digest_.add(asText(bytes));
    entry_.bodyBytes += *count;
    if (keepBodies_) keep(bodies_.request, bytes);
  }
  co_return count;
}

Task<void> WatchedExchange::readRest() {
  std::vector<std::byte> buffer(std::size_t{64} * 1024);
  while (entry_.bodyBytes < keptOfBody) {
    auto count = co_await read(buffer);
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) break;
  }
  co_return Result<void>();
}

Task<void> WatchedExchange::begin(int status, http::Headers headers, std::optional<std::uint64_t> length) {
  // A record is to be judged whole, also where the answer did not depend on the body. A client that is gone
  // meanwhile is noticed by what follows.
  if (keepBodies_) (void)co_await readRest();
  note(status);
  if (keepBodies_) bodies_.replyContentType = headers.get("Content-Type").value_or("");
  co_return co_await inner().begin(status, std::move(headers), length);
}

Task<void> WatchedExchange::write(std::span<const std::byte> bytes) {
  if (keepBodies_) keep(bodies_.reply, bytes);
  return inner().write(bytes);
}

Task<std::shared_ptr<http::WebSocket>> WatchedExchange::accept(AcceptOptions options) {
  note(101);
  return inner().accept(std::move(options));
}

RawConnection WatchedExchange::takeOver() {
  note(101);
  return inner().takeOver();
}

void WatchedExchange::note(int status) {
  // Before the client can see it: whoever has the reply finds it in the ledger.
  entry_.status = status;
  if (entry_.bodyBytes > 0) entry_.bodyDigest = digest_.hex();
  ledger_->update(entry_);
}

void WatchedExchange::conclude() {
  if (entry_.bodyBytes > 0) entry_.bodyDigest = digest_.hex();
  if (keepBodies_) bodies_.contentType = request().headers.get("Content-Type").value_or("");
  ledger_->finish(entry_, request(), bodies_);
}

Task<void> FaultyExchange::begin(int status, http::Headers headers, std::optional<std::uint64_t> length) {
  begun_ = true;
  status_ = status;
  if (fault_.action == FaultAction::cutBody) {
    co_return co_await inner().begin(status, std::move(headers), length);
  }
  co_return Result<void>();
}

Task<void> FaultyExchange::write(std::span<const std::byte> bytes) {
  if (fault_.action != FaultAction::cutBody || cut_) co_return Result<void>();
  const auto room = std::min<std::uint64_t>(bytes.size(), fault_.bytes - std::min(fault_.bytes, passed_));
  passed_ += bytes.size();
  const auto through = bytes.first(static_cast<std::size_t>(room));
  if (!through.empty()) {
    auto written = co_await inner().write(through);
    if (!written) co_return written;
  }
  if (through.size() < bytes.size()) {
    cut_ = true;
    inner().cut();
  }
  co_return Result<void>();
}

Task<void> FaultyExchange::conclude() {
  if (begun_ && !finished_) co_return co_await finish();
  co_return Result<void>();
}

Task<void> FaultyExchange::finish() {
  if (std::exchange(finished_, true)) co_return Result<void>();
  if (fault_.action == FaultAction::loseReply) {
    inner().reset();
    co_return Result<void>();
  }
  if (fault_.action == FaultAction::wrongJson) {
    Reply reply;
    reply.status = status_;
    reply.headers.add("Content-Type", "application/json");
    reply.body = "{\"id\": \"unfinished";
    co_return co_await inner().reply(std::move(reply));
  }
  // Shorter than its limit: then its end is missing.
  inner().cut();
  co_return Result<void>();
}

Task<std::shared_ptr<http::WebSocket>> FaultyExchange::accept(AcceptOptions options) {
  if (fault_.action == FaultAction::loseReply) {
    begun_ = finished_ = true;
    inner().reset();
    co_return std::make_shared<DeadSocket>();
  }
  auto socket = co_await inner().accept(std::move(options));
  if (!socket || fault_.action != FaultAction::cutBody) co_return socket;
  auto cut = [this] { inner().cut(); };
  co_return std::make_shared<CutSocket>(std::move(*socket), fault_.bytes, std::move(cut));
}

}  // namespace mooring::emulation
