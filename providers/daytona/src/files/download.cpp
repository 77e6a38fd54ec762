#include "files/download.hpp"

#include <mooring/http/request.hpp>
#include <mooring/http/url.hpp>

#include "errors.hpp"
#include "toolbox.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

namespace mooring::daytona {

namespace {

constexpr int mostAttempts = 6;

/// Passes on what lies behind `skip`, and counts.
class Onward final : public ByteSink {
 public:
  Onward(std::shared_ptr<ByteSink> sink, std::uint64_t skip, std::shared_ptr<std::uint64_t> passed)
      : sink_(std::move(sink)), skip_(skip), passed_(std::move(passed)) {}
  Task<void> write(std::span<const std::byte> bytes) override {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    skip_ -= skipped;
    const auto rest = bytes.subspan(skipped);
    if (rest.empty()) co_return Result<void>();
    auto written = co_await sink_->write(rest);
    if (!written) {
      refused = true;
      co_return written;
    }
    *passed_ += rest.size();
    co_return Result<void>();
  }
  bool refused = false;

 private:
  std::shared_ptr<ByteSink> sink_;
  std::uint64_t skip_;
  std::shared_ptr<std::uint64_t> passed_;
};

std::string versionOf(const http::Response& response) {
  // A weak ETag does not promise the same bytes.
  const auto tag = response.headers.get("ETag");
  if (tag && !tag->starts_with("W/")) return std::string(*tag);
  return std::string(response.headers.get("Last-Modified").value_or(""));
}

Error unreadable(const Account& account, const http::Response& response, const std::string& path) {
  auto error = errorFrom(account, response, fmt::format("read {} in the sandbox", path));
  // Nothing stands in the way of reading: it is just no file.
  if (error.code == Errc::conflict) error.code = Errc::invalidArgument;
  return error;
}

}  // namespace

Task<void> downloadFile(FilePlace place,
                        SandboxPath path,
                        std::uint64_t offset,
                        std::shared_ptr<ByteSink> sink) {
  auto passed = std::make_shared<std::uint64_t>(0);
  std::string version;
  std::chrono::milliseconds pause(200);
  for (int number = 1;; ++number) {
    const auto from = offset + *passed;
    http::Request request;
    request.target = "/files/download?path=" + http::escape(path.value);
    request.deadline = place.call.deadline;
    request.buffer = std::size_t{128} * 1024;
    if (from > 0) request.headers.add("Range", fmt::format("bytes={}-", from));
    if (*passed > 0 && !version.empty()) request.headers.add("If-Range", version);
    auto seen = std::make_shared<std::string>();
    auto status = std::make_shared<int>(0);
    auto onward = std::make_shared<std::shared_ptr<Onward>>();
    const bool resuming = *passed > 0;
    request.sink = [=](const http::Response& head) -> std::shared_ptr<ByteSink> {
      *status = head.status;
      if (!head.ok()) return nullptr;
      // A whole file in answer to the rest of one: another file by now, unless nothing was passed on yet.
      if (resuming && head.status != 206) return nullptr;
      *seen = versionOf(head);
      *onward = std::make_shared<Onward>(sink, head.status == 206 ? 0 : from, passed);
      return *onward;
    };
    auto response = co_await callToolbox(place.account, place.instance, std::move(request));
    if (response) {
      if (response->status == 416)
        co_return Result<void>();  // It has no byte there: the offset is its end, or beyond.
      if (!response->ok()) co_return std::unexpected(unreadable(*place.account, *response, path.value));
      if (resuming && response->status != 206)
        co_return refuse(Errc::conflict, fmt::format("{} changed while it was read", path.value));
      co_return Result<void>();
    }
    const auto& error = response.error();
    const bool ours = *onward && (*onward)->refused;
    const bool changed = resuming && *status == 200;
    if (changed) co_return refuse(Errc::conflict, fmt::format("{} changed while it was read", path.value));
    const bool begun = *onward != nullptr;
    if (!version.empty() && !seen->empty() && version != *seen)
      co_return refuse(Errc::conflict, fmt::format("{} changed while it was read", path.value));
    if (begun) version = *seen;
    if (ours || !begun || version.empty() || !error.retryable() || number >= mostAttempts)
      co_return std::unexpected(std::move(response).error());
    auto slept = co_await place.account->pause->sleep(pause);
    if (!slept) co_return slept;
    pause *= 2;
  }
}

}  // namespace mooring::daytona
