#include <mooring/detail/json_text.hpp>
#include <mooring/http/sinks.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "execution.hpp"
#include "script.hpp"
#include "upload.hpp"

namespace mooring::vercel {

namespace {

constexpr std::size_t fileBuffer = std::size_t{128} * 1024;
constexpr std::chrono::minutes longestTransfer(60);

}  // namespace

Task<void> Files::read(Instance instance,
                       SandboxPath path,
                       std::uint64_t offset,
                       std::shared_ptr<ByteSink> sink,
                       CallOptions options) {
  sink = http::skipping(offset, std::move(sink));
  const auto what = "read " + path.value;
  if (!detail::isUtf8(path.value)) {
    // Through a command, because a request can only name UTF-8.
    std::vector<std::string> args{guest::plainPath(path)};
    constexpr std::string_view script = R"([ -e "$1" ] || exit 94; exec cat -- "$1")";
    auto printed = co_await call(std::move(instance), script, std::move(args), what, std::move(options));
    if (!printed) co_return std::unexpected(std::move(printed).error());
    co_return co_await sink->write(asBytes(printed->out));
  }
  boost::json::object body;
  body["path"] = path.value;
  auto request = jsonRequest(http::Method::post, "/fs/read", body, options);
  request.idempotency = http::Idempotency::safe;
  request.sink = http::whenOk(std::move(sink));
  request.timeouts.total = longestTransfer;
  request.timeouts.silence = std::chrono::minutes(2);
  request.buffer = fileBuffer;
  request.protocol = http::Protocol::http1;
  auto response = co_await callSession(
      account_, std::move(instance), std::move(request), what, std::move(options));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, what));
  co_return Result<void>();
}

Task<guest::Printed> Files::run(Instance instance,
                                std::string_view script,
                                std::vector<std::string> args,
                                CallOptions call) {
  return runScript(account_, std::move(instance), script, std::move(args), std::move(call));
}

std::string Files::newDirectory() { return scratchDirectory(account_->context.ids->uuid()); }

Task<void> Files::bring(Instance instance, std::string, http::TarItems items, CallOptions call) {
  return uploadArchive(account_, std::move(instance), std::move(items), "write files", std::move(call));
}

std::string_view Files::placeScript() const { return R"(exec sh "$1/place")"; }

}  // namespace mooring::vercel
