#pragma once

// One exchange: the libcurl handle, what its callbacks collected, and what the coroutine wants to know of it.

#include <mooring/http/request.hpp>
#include <mooring/http/url.hpp>

#include "curl/classify.hpp"
#include "curl/multi.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::http::detail {

/// The callbacks run inside libcurl, which must not be called from there; they note what happened and wake
/// the coroutine, which acts. Threads: the loop's.
class Transfer final : public Listener {
 public:
  Transfer(std::shared_ptr<Multi> multi, Request request, Url url);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() override;

  /// The exact length of a streamed body, before start().
  void announce(std::optional<std::uint64_t> size);
  /// Configures the handle and hands it to libcurl. Errors: invalidArgument, internal.
  Result<void> start();
  void ended(CURLcode code) override;
  /// Takes it from libcurl; the connection is closed if the reply is not complete. No callback comes
  /// afterwards.
  void close();

  // What the coroutines look at after a wake-up.
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] bool hasInput() const { return !inbox_.empty(); }
  /// What a sink is to get: swaps it with `empty` and lets libcurl go on.
  void takeInput(std::string& empty);
  [[nodiscard]] const std::shared_ptr<ByteSink>& sink() const { return sink_; }

  [[nodiscard]] bool wantsOutput() const { return outbox_.size() == outboxUsed_ && !outboxEnded_; }
  void giveOutput(std::span<const std::byte> bytes);
  void endOutput();
  /// The body's source failed: ends the transfer with that error.
  void failOutput(Error error);

  /// The next limit of ours to pass, and which one it is.
  struct Expiry {
    std::chrono::steady_clock::time_point at = std::chrono::steady_clock::time_point::max();
    Limit limit = Limit::none;
    std::chrono::milliseconds span = {};
  };
  [[nodiscard]] Expiry expiry() const;

  /// After over(): the reply, or why there is none.
  Result<Response> finish();
  /// Ended by us, before over().
  Error interruptedBy(Limit limit, std::chrono::milliseconds span, bool cancelled);
  [[nodiscard]] const std::optional<Error>& failed() const { return failure_; }

  boost::asio::steady_timer wake;     ///< Cancelled when something happened.
  boost::asio::steady_timer drained;  ///< Cancelled when the outbox is empty.
  bool sourceBusy = false;            ///< The body's source is being read: a silence is its own.
  bool pumpEnded = true;
  Request request;

 private:
  static std::size_t receivedHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t receivedBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t wantsBody(char* data, std::size_t size, std::size_t count, void* self);
  static int aboutToSend(void* self, char*, char*, int, int);

  template <class Value>
  void set(CURLoption option, Value value);
  Result<void> configure();
  void configureAddress();
  void configureLimits();
  void configureMethodAndBody();
  Result<void> configureHeaders();
  void configureCallbacks();

  bool takeHeaderLine(std::string_view line);
  void beginBody();
  void unpause();
  [[nodiscard]] bool sent() const;
  [[nodiscard]] Ending ending() const;
  void readTimings();

  std::shared_ptr<Multi> multi_;
  Url url_;
  CURL* easy_ = nullptr;
  curl_slist* headerList_ = nullptr;
  bool added_ = false;
  bool badOption_ = false;
  std::array<char, CURL_ERROR_SIZE> words_{};

  std::chrono::steady_clock::time_point startedAt_;
  std::chrono::steady_clock::time_point lastByteAt_;
  bool over_ = false;
  CURLcode code_ = CURLE_OK;
  std::optional<Error> failure_;  ///< Noted by a callback; goes before libcurl's own code.

  Response response_;
  std::size_t headerBytes_ = 0;
  bool headComplete_ = false;
  std::shared_ptr<ByteSink> sink_;
  std::string inbox_;
  bool receivePaused_ = false;

  bool streamed_ = false;
  std::optional<std::uint64_t> announced_;
  std::uint64_t taken_ = 0;
  std::string outbox_;
  std::size_t outboxUsed_ = 0;
  bool outboxEnded_ = false;
  bool sendPaused_ = false;

  bool ready_ = false;    ///< Connected, TLS included: from here on bytes of the request may go out.
  long bytesBefore_ = 0;  ///< What libcurl had counted by then: a proxy's CONNECT.
  bool refusedRepeat_ = false;
};

}  // namespace mooring::http::detail
