#include "curl/transfer.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace mooring::http::detail {

namespace {

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

template <class Value>
void Transfer::set(CURLoption option, Value value) {
  if (curl_easy_setopt(easy_, option, value) != CURLE_OK) badOption_ = true;
}

Result<void> Transfer::configure() {
  configureAddress();
  configureLimits();
  configureMethodAndBody();
  if (auto headers = configureHeaders(); !headers) return headers;
  configureCallbacks();
  if (badOption_) return failure(Errc::internal, "libcurl refused an option of a transfer");
  return {};
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
  const auto buffer = static_cast<long>(
      std::clamp<std::size_t>(request.buffer, 1024, std::size_t{512} * 1024));
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
      return failure(Errc::invalidArgument,
                     fmt::format("header {} contains characters that HTTP does not allow",
                                 isToken(name) ? name : "with a malformed name"));
    }
    fits = append(value.empty() ? name + ";" : fmt::format("{}: {}", name, value)) && fits;
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

}  // namespace mooring::http::detail
