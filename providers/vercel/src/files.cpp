#include <mooring/detail/json_text.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "file_calls.hpp"
#include "file_scripts.hpp"

#include <spdlog/fmt/fmt.h>

namespace mooring::vercel {

namespace {

constexpr std::size_t fileBuffer = std::size_t{128} * 1024;
constexpr std::chrono::minutes longestTransfer(60);

/// Passes on what comes after the first `skip` bytes.
class From final : public ByteSink {
 public:
  From(std::shared_ptr<ByteSink> inner, std::uint64_t skip) : inner_(std::move(inner)), skip_(skip) {}
  Task<void> write(std::span<const std::byte> bytes) override {
    const auto dropped = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= dropped;
    const auto rest = bytes.subspan(static_cast<std::size_t>(dropped));
    if (rest.empty()) co_return Result<void>();
    co_return co_await inner_->write(rest);
  }

 private:
  std::shared_ptr<ByteSink> inner_;
  std::uint64_t skip_;
};

std::string about(const char* verb, const SandboxPath& path) { return std::string(verb) + " " + path.value; }

/// Through a command, because a request can only name UTF-8.
Task<void> readByCommand(AccountPtr account,
                         Instance instance,
                         SandboxPath path,
                         std::shared_ptr<ByteSink> sink,
                         CallOptions call) {
  std::vector<std::string> args{plainPath(path)};
  const auto what = about("read", path);
  constexpr std::string_view script = R"([ -e "$1" ] || exit 94; exec cat -- "$1")";
  auto printed = co_await runFileScript(
      std::move(account), std::move(instance), script, std::move(args), what, std::move(call));
  if (!printed) co_return std::unexpected(std::move(printed).error());
  co_return co_await sink->write(asBytes(printed->out));
}

Task<std::vector<FileInfo>> listing(AccountPtr account,
                                    Instance instance,
                                    std::string_view script,
                                    SandboxPath path,
                                    std::string what,
                                    CallOptions call) {
  std::vector<std::string> args{plainPath(path)};
  call.idempotent = true;
  auto printed = co_await runFileScript(
      std::move(account), std::move(instance), script, std::move(args), std::move(what), std::move(call));
  if (!printed) co_return std::unexpected(std::move(printed).error());
  co_return readListing(printed->out);
}

}  // namespace

Task<void> Files::read(Instance instance,
                       SandboxPath path,
                       std::uint64_t offset,
                       std::shared_ptr<ByteSink> sink,
                       CallOptions call) {
  if (offset > 0) sink = std::make_shared<From>(std::move(sink), offset);
  if (!detail::isUtf8(path.value)) {
    co_return co_await readByCommand(
        account_, std::move(instance), std::move(path), std::move(sink), std::move(call));
  }
  const auto what = about("read", path);
  boost::json::object body;
  body["path"] = path.value;
  auto request = jsonRequest(http::Method::post, "/fs/read", body, call);
  request.idempotency = http::Idempotency::safe;
  request.sink = http::whenOk(std::move(sink));
  request.timeouts.total = longestTransfer;
  request.timeouts.silence = std::chrono::minutes(2);
  request.buffer = fileBuffer;
  request.protocol = http::Protocol::http1;
  auto response = co_await callSession(
      account_, std::move(instance), std::move(request), what, std::move(call));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, what));
  co_return Result<void>();
}

Task<std::vector<FileInfo>> Files::list(Instance instance, SandboxPath path, CallOptions call) {
  const auto what = about("list", path);
  return listing(account_, std::move(instance), file_scripts::list, std::move(path), what, std::move(call));
}

Task<FileInfo> Files::stat(Instance instance, SandboxPath path, CallOptions call) {
  const auto what = about("look at", path);
  auto entries = co_await listing(
      account_, std::move(instance), file_scripts::stat, std::move(path), what, std::move(call));
  if (!entries) co_return std::unexpected(std::move(entries).error());
  if (entries->size() != 1)
    co_return refuse(Errc::corrupted, "cannot " + what + ": the answer is not about it");
  co_return std::move(entries->front());
}

Task<void> Files::makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) {
  std::vector<std::string> args{plainPath(path), fmt::format("{:o}", mode)};
  call.idempotent = true;
  auto done = co_await runFileScript(account_,
                                     std::move(instance),
                                     file_scripts::makeDirectory,
                                     std::move(args),
                                     about("make directory", path),
                                     std::move(call));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

Task<void> Files::remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) {
  std::vector<std::string> args{plainPath(path), mode == RemoveMode::tree ? "tree" : "file"};
  auto done = co_await runFileScript(account_,
                                     std::move(instance),
                                     file_scripts::remove,
                                     std::move(args),
                                     about("remove", path),
                                     std::move(call));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

Task<void> Files::move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) {
  std::vector<std::string> args{plainPath(from), plainPath(to)};
  auto done = co_await runFileScript(account_,
                                     std::move(instance),
                                     file_scripts::move,
                                     std::move(args),
                                     about("move", from) + " to " + to.value,
                                     std::move(call));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

Task<void> Files::setMode(Instance instance, SandboxPath path, int mode, CallOptions call) {
  std::vector<std::string> args{plainPath(path), fmt::format("{:o}", mode)};
  call.idempotent = true;
  auto done = co_await runFileScript(account_,
                                     std::move(instance),
                                     file_scripts::setMode,
                                     std::move(args),
                                     about("set the mode of", path),
                                     std::move(call));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

}  // namespace mooring::vercel
