#include "curl/transfer.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

namespace mooring::http::detail {

namespace {

using std::chrono::steady_clock;

/// Far beyond what servers send; a client must not be made to hold more.
constexpr std::size_t maxHeaderBytes = std::size_t{256} * 1024;

bool hasControl(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool isToken(std::string_view name) {
  constexpr std::string_view extra = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

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

template <class Value>
void Transfer::set(CURLoption option, Value value) {
  if (curl_easy_setopt(easy_, option, value) != CURLE_OK) badOption_ = true;
}

Result<void> Transfer::start() {
  easy_ = multi_->acquire();
  if (!easy_) return failure(Errc::internal, "libcurl has no memory for a transfer");
  configureAddress();
  configureLimits();
  configureMethodAndBody();
  if (auto headers = configureHeaders(); !headers) return headers;
  configureCallbacks();
  if (badOption_) return failure(Errc::internal, "libcurl refused an option of a transfer");
  auto added = multi_->add(easy_, *this);
  added_ = added.has_value();
  return added;
}

void Transfer::close() {
  if (!easy_) return;
  if (added_) multi_->remove(easy_);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
  multi_->recycle(easy_);
  curl_slist_free_all(headerList_);
  easy_ = nullptr;
  headerList_ = nullptr;
}

void Transfer::configureAddress() {
  const auto& options = multi_->options();
  const auto& network = options.network;
  set(CURLOPT_URL, url_.text().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SHARE, multi_->share());
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(options.idleLimit.count()));
  // An empty text also keeps libcurl from reading the environment, which is read once, by the service.
  set(CURLOPT_PROXY, network.proxyFor(url_.host, url_.encrypted()).c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!network.caFile.empty()) set(CURLOPT_CAINFO, network.caFile.c_str());
  if (!network.caDirectory.empty()) set(CURLOPT_CAPATH, network.caDirectory.c_str());
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const bool http2 = options.http2 && url_.encrypted() && request.protocol == Protocol::any;
  set(CURLOPT_HTTP_VERSION, static_cast<long>(http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  // A burst waits for the first handshake to learn whether one connection can carry it all.
  if (http2) set(CURLOPT_PIPEWAIT, 1L);
}

void Transfer::configureLimits() {
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeouts.connect.count()));
  const auto buffer = static_cast<long>(std::clamp<std::size_t>(request.buffer, 1024, std::size_t{512} * 1024));
  set(CURLOPT_BUFFERSIZE, buffer);
  set(CURLOPT_UPLOAD_BUFFERSIZE, std::max(buffer, 16384L));
}

void Transfer::configureMethodAndBody() {
  const std::string method(toString(request.method));
  if (request.method == Method::head) {
    set(CURLOPT_NOBODY, 1L);
  } else if (streamed_) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
    set(CURLOPT_INFILESIZE_LARGE, announced_ ? static_cast<curl_off_t>(*announced_) : curl_off_t{-1});
  } else if (const auto* text = request.body.text()) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, text->data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text->size()));
    if (request.method != Method::post) set(CURLOPT_CUSTOMREQUEST, method.c_str());
  } else if (request.method == Method::get || request.method == Method::del) {
    set(CURLOPT_HTTPGET, 1L);
    if (request.method == Method::del) set(CURLOPT_CUSTOMREQUEST, method.c_str());
  } else {
    // Without a body these still say so: "Content-Length: 0".
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, "");
    set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{0});
    if (request.method != Method::post) set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  // Decoding would hold back what a sink should see at once.
  if (!request.sink && !request.headers.contains("Accept-Encoding")) set(CURLOPT_ACCEPT_ENCODING, "gzip");
}

Result<void> Transfer::configureHeaders() {
  const auto append = [this](const std::string& line) {
    auto* list = curl_slist_append(headerList_, line.c_str());
    if (list) headerList_ = list;
    return list != nullptr;
  };
  bool fits = append("Expect:");  // A round trip for nothing; servers that dislike a body say so anyway.
  if (!request.headers.contains("Content-Type")) fits = append("Content-Type:") && fits;
  for (const auto& [name, value] : request.headers) {
    if (!isToken(name) || hasControl(value)) {
      return failure(Errc::invalidArgument, fmt::format("header {} contains characters that HTTP does not allow",
                                                        isToken(name) ? name : "with a malformed name"));
    }
    fits = append(value.empty() ? name + ";" : name + ": " + value) && fits;
  }
  if (!fits) return failure(Errc::internal, "libcurl has no memory for headers");
  set(CURLOPT_HTTPHEADER, headerList_);
  return {};
}

void Transfer::configureCallbacks() {
  set(CURLOPT_ERRORBUFFER, words_.data());
  set(CURLOPT_HEADERFUNCTION, &Transfer::receivedHeader);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::receivedBody);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_PREREQFUNCTION, &Transfer::aboutToSend);
  set(CURLOPT_PREREQDATA, this);
  if (streamed_) {
    set(CURLOPT_READFUNCTION, &Transfer::wantsBody);
    set(CURLOPT_READDATA, this);
  }
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
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
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
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
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
      transfer.failure_ = makeError(Errc::corrupted, fmt::format("{} sent more than the {} bytes expected of this reply",
                                                                 transfer.url_.host, transfer.request.maxBody));
      return 0;
    }
    transfer.response_.body.append(data, length);
    return length;
  }
  // libcurl keeps what is refused here and reads no more from the connection: the server has to wait for the sink.
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
    return failOutput(makeError(Errc::invalidArgument, fmt::format("the body's source gave more than the {} bytes that "
                                                                   "it had announced", *announced_)));
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
    return failOutput(makeError(Errc::invalidArgument, fmt::format("the body's source ended after {} of the {} bytes "
                                                                   "that it had announced", taken_, *announced_)));
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
  if (transfer.ready_ && bytes > transfer.bytesBefore_ && !isSafe(transfer.request)) {
    // A reused connection died after the request was written to it. libcurl repeats it on a new one, whatever the
    // method; but the server may have acted on the first.
    transfer.refusedRepeat_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  if (!transfer.ready_) transfer.bytesBefore_ = bytes;
  transfer.ready_ = true;
  transfer.lastByteAt_ = steady_clock::now();
  // The wait may have begun without a limit that counts from here.
  if (transfer.request.timeouts.firstByte.count() > 0 || transfer.request.timeouts.silence.count() > 0) transfer.wake.cancel();
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
  if (timeouts.silence.count() > 0) consider(lastByteAt_ + timeouts.silence, Limit::silence, timeouts.silence);
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
      error.cause = std::make_shared<const Error>(makeError(Errc::outcomeUnknown, "the request had been sent by then"));
    }
    return std::unexpected(std::move(error));
  }
  if (code_ != CURLE_OK) return std::unexpected(classify(ending()));
  if (!headComplete_) return failure(Errc::corrupted, url_.host + " sent a reply without a head");
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
