#include "curl/transfer.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

namespace mooring::http::detail {

namespace {

using std::chrono::steady_clock;

/// Far beyond what servers send; a client must not be made to hold more.
constexpr std::size_t maxHeaderBytes = std::size_t{256} * 1024;

}  // namespace

Transfer::Transfer(std::shared_ptr<Multi> multi, Request given, Url url)
    : wake(multi->loop()),
      drained(multi->loop()),
      request(std::move(given)),
      multi_(std::move(multi)),
      url_(std::move(url)),
      startedAt_(steady_clock::now()),
      lastByteAt_(startedAt_),
      streamed_(request.body.isStream()) {}

Transfer::~Transfer() { close(); }

Result<void> Transfer::start() {
  easy_ = multi_->acquire();
  if (!easy_) return failure(Errc::internal, "libcurl has no memory for a transfer");
  if (auto configured = configure(); !configured) return configured;
  auto added = multi_->add(easy_, *this);
  added_ = added.has_value();
  return added;
}

void Transfer::close() {
  if (!easy_) return;
  if (added_) multi_->remove(easy_);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
  // What ended halfway may keep buffers that a reset does not let go of: it then refuses CURLOPT_BUFFERSIZE.
  if (over_ && code_ == CURLE_OK) {
    multi_->recycle(easy_);
  } else {
    curl_easy_cleanup(easy_);
  }
  curl_slist_free_all(headerList_);
  easy_ = nullptr;
  headerList_ = nullptr;
}

void Transfer::announce(std::optional<std::uint64_t> size) { announced_ = size; }

void Transfer::ended(CURLcode code) {
  over_ = true;
  code_ = code;
  wake.cancel();
  drained.cancel();
}

std::size_t Transfer::receivedHeader(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto length = size * count;
  transfer.lastByteAt_ = steady_clock::now();
  transfer.headerBytes_ += length;
  if (transfer.headerBytes_ > maxHeaderBytes) {
    transfer.failure_ = makeError(Errc::corrupted, transfer.url_.host + " sent more than 256 KiB of headers");
    return 0;
  }
  return transfer.takeHeaderLine({data, length}) ? length : 0;
}

bool Transfer::takeHeaderLine(std::string_view line) {
  if (headComplete_) return true;  // Trailers.
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) return false;
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), response_.status);
    return true;
  }
  if (line.empty()) {
    if (response_.status >= 200) beginBody();  // Otherwise it was an interim reply.
    return true;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  auto value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
    value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
    value.remove_suffix(1);
  response_.headers.add(std::string(line.substr(0, colon)), std::string(value));
  return true;
}

void Transfer::beginBody() {
  headComplete_ = true;
  response_.url = url_.text();
  if (request.sink) sink_ = request.sink(response_);
}

std::size_t Transfer::receivedBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto length = size * count;
  transfer.lastByteAt_ = steady_clock::now();
  if (!transfer.sink_) {
    if (transfer.response_.body.size() + length > transfer.request.maxBody) {
      transfer.failure_ = makeError(Errc::corrupted,
                                    fmt::format("{} sent more than the {} bytes expected of this reply",
                                                transfer.url_.host,
                                                transfer.request.maxBody));
      return 0;
    }
    transfer.response_.body.append(data, length);
    return length;
  }
  // libcurl keeps what is refused here and reads no more from the connection: the server has to wait for the
  // sink.
  if (!transfer.inbox_.empty() && transfer.inbox_.size() + length > transfer.request.buffer) {
    transfer.receivePaused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.inbox_.append(data, length);
  transfer.wake.cancel();
  return length;
}

void Transfer::takeInput(std::string& empty) {
  lastByteAt_ = steady_clock::now();  // Until now the slow one was the sink.
  std::swap(inbox_, empty);
  if (receivePaused_ && !over_) {
    receivePaused_ = false;
    unpause();
  }
}

std::size_t Transfer::wantsBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto space = size * count;
  if (transfer.failure_) return CURL_READFUNC_ABORT;
  const auto left = transfer.outbox_.size() - transfer.outboxUsed_;
  if (left == 0) {
    if (transfer.outboxEnded_) return 0;
    transfer.sendPaused_ = true;
    transfer.drained.cancel();
    return CURL_READFUNC_PAUSE;
  }
  const auto length = std::min(left, space);
  std::copy_n(transfer.outbox_.data() + transfer.outboxUsed_, length, data);
  transfer.outboxUsed_ += length;
  transfer.lastByteAt_ = steady_clock::now();
  if (transfer.outboxUsed_ == transfer.outbox_.size()) transfer.drained.cancel();
  return length;
}

void Transfer::giveOutput(std::span<const std::byte> bytes) {
  taken_ += bytes.size();
  if (announced_ && taken_ > *announced_) {
    return failOutput(makeError(Errc::invalidArgument,
                                fmt::format("the body's source gave more than the {} bytes that "
                                            "it had announced",
                                            *announced_)));
  }
  outbox_.assign(asText(bytes));
  outboxUsed_ = 0;
  if (sendPaused_) {
    sendPaused_ = false;
    unpause();
  }
}

void Transfer::endOutput() {
  if (announced_ && taken_ < *announced_) {
    return failOutput(makeError(Errc::invalidArgument,
                                fmt::format("the body's source ended after {} of the {} bytes "
                                            "that it had announced",
                                            taken_,
                                            *announced_)));
  }
  outboxEnded_ = true;
  if (sendPaused_) {
    sendPaused_ = false;
    unpause();
  }
}

void Transfer::failOutput(Error error) {
  failure_ = std::move(error);
  wake.cancel();
}

void Transfer::unpause() {
  if (!easy_ || over_) return;
  int mask = CURLPAUSE_CONT;
  if (receivePaused_) mask |= CURLPAUSE_RECV;
  if (sendPaused_) mask |= CURLPAUSE_SEND;
  if (const auto code = curl_easy_pause(easy_, mask); code != CURLE_OK && !failure_) {
    // It delivers what it had kept, and the callback may refuse that for good.
    failure_ = classify(ending());
    wake.cancel();
  }
}

int Transfer::aboutToSend(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  long bytes = 0;
  curl_easy_getinfo(transfer.easy_, CURLINFO_REQUEST_SIZE, &bytes);
  if (transfer.ready_ && bytes > transfer.bytesBefore_) {
    // A reused connection died after the request was written to it. libcurl repeats it on a new one, whatever
    // the method; but the server may have acted on the first.
    transfer.refusedRepeat_ = !isSafe(transfer.request);
    if (transfer.refusedRepeat_) return CURL_PREREQFUNC_ABORT;
    ++transfer.response_.attempts;
  }
  if (!transfer.ready_) transfer.bytesBefore_ = bytes;
  transfer.ready_ = true;
  transfer.lastByteAt_ = steady_clock::now();
  // The wait may have begun without a limit that counts from here.
  if (transfer.request.timeouts.firstByte.count() > 0 || transfer.request.timeouts.silence.count() > 0)
    transfer.wake.cancel();
  return CURL_PREREQFUNC_OK;
}

Transfer::Expiry Transfer::expiry() const {
  Expiry next;
  const auto consider = [&next](steady_clock::time_point at, Limit limit, std::chrono::milliseconds span) {
    if (at < next.at) next = {at, limit, span};
  };
  const auto& timeouts = request.timeouts;
  if (request.deadline) consider(*request.deadline, Limit::deadline, {});
  if (timeouts.total.count() > 0) consider(startedAt_ + timeouts.total, Limit::total, timeouts.total);
  if (!ready_ || sourceBusy) return next;
  if (timeouts.silence.count() > 0)
    consider(lastByteAt_ + timeouts.silence, Limit::silence, timeouts.silence);
  if (timeouts.firstByte.count() > 0 && headerBytes_ == 0) {
    consider(lastByteAt_ + timeouts.firstByte, Limit::firstByte, timeouts.firstByte);
  }
  return next;
}

bool Transfer::sent() const {
  if (!ready_ || !easy_) return false;
  long bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > bytesBefore_;
}

Ending Transfer::ending() const {
  Ending end;
  end.code = code_;
  end.sent = sent();
  end.safe = isSafe(request);
  end.host = url_.host;
  end.limitText = fmt::format("{} ms", request.timeouts.connect.count());
  end.detail = words_[0] != '\0' ? words_.data() : curl_easy_strerror(code_);
  if (refusedRepeat_) end.detail = "a connection in use before was closed by the other side";
  return end;
}

Error Transfer::interruptedBy(Limit limit, std::chrono::milliseconds span, bool cancelled) {
  auto end = ending();
  end.limit = limit;
  end.cancelled = cancelled;
  end.limitText = fmt::format("{} ms", span.count());
  return classify(end);
}

Result<Response> Transfer::finish() {
  if (failure_) {
    auto error = *std::move(failure_);
    if (!error.cause && sent() && !isSafe(request)) {
      error.cause = std::make_shared<const Error>(
          makeError(Errc::outcomeUnknown, "the request had been sent by then"));
    }
    return std::unexpected(std::move(error));
  }
  // A connection that ends within the head counts as a success with libcurl.
  if (code_ == CURLE_OK && !headComplete_) code_ = CURLE_GOT_NOTHING;
  if (code_ != CURLE_OK) return std::unexpected(classify(ending()));
  readTimings();
  return std::move(response_);
}

void Transfer::readTimings() {
  const auto micros = [this](CURLINFO what) {
    curl_off_t value = 0;
    curl_easy_getinfo(easy_, what, &value);
    return std::chrono::microseconds(value);
  };
  response_.timings.resolved = micros(CURLINFO_NAMELOOKUP_TIME_T);
  response_.timings.connected = micros(CURLINFO_CONNECT_TIME_T);
  response_.timings.encrypted = micros(CURLINFO_APPCONNECT_TIME_T);
  response_.timings.firstByte = micros(CURLINFO_STARTTRANSFER_TIME_T);
  response_.timings.total = micros(CURLINFO_TOTAL_TIME_T);
  long connections = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  response_.timings.newConnection = connections > 0;
  long head = 0;
  curl_off_t up = 0;
  curl_off_t down = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &head);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &down);
  response_.bytesSent = static_cast<std::uint64_t>(head) + static_cast<std::uint64_t>(up);
  response_.bytesReceived = headerBytes_ + static_cast<std::uint64_t>(down);
}

}  // namespace mooring::http::detail
