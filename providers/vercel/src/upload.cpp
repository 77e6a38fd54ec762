#include "upload.hpp"

#include <mooring/guest/staging.hpp>

#include "control.hpp"
#include "errors.hpp"

namespace mooring::vercel {

namespace {

constexpr std::size_t fileBuffer = std::size_t{128} * 1024;
constexpr std::chrono::minutes longestTransfer(60);

}  // namespace

Task<void> uploadArchive(
    AccountPtr account, Instance instance, http::TarItems items, std::string what, CallOptions call) {
  auto body = co_await guest::archiveBody(account->context, std::move(items), http::TarCompression::gzip);
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = apiRequest(http::Method::post, "/fs/write", call);
  request.headers.set("Content-Type", "application/gzip");
  request.headers.set("X-Cwd", "/");
  request.body = std::move(*body);
  // Everything lands in a directory of this upload's own.
  request.idempotency = http::Idempotency::safe;
  request.timeouts.total = longestTransfer;
  request.timeouts.silence = std::chrono::minutes(2);
  request.buffer = fileBuffer;
  request.protocol = http::Protocol::http1;
  auto response = co_await callSession(
      account, std::move(instance), std::move(request), what, std::move(call));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return Result<void>();
}

}  // namespace mooring::vercel
