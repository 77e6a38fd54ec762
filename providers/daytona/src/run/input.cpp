// Standard input that does not fit into the first request, or whose end is not known.
#include <mooring/http/parsers/multipart.hpp>

#include "errors.hpp"
#include "run/session.hpp"
#include "toolbox.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

namespace asio = boost::asio;

namespace mooring::daytona {

namespace {

constexpr std::size_t pieceSize = std::size_t{1} << 20;
/// Above it, a piece is uploaded as a file: a shell may read its standard input byte by byte.
constexpr std::size_t largestInText = std::size_t{32} * 1024;

}  // namespace

void RunSession::beginFeeding(std::shared_ptr<ByteSource> source) {
  auto feeding = [](std::shared_ptr<RunSession> self,
                    std::shared_ptr<ByteSource> from) -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto fed = co_await self->feed(std::move(from));
    if (fed || self->over_) co_return;
    // Half an input must not look like a whole one.
    self->inputError_ = std::move(fed).error();
    Asking asking;
    asking.persistent = true;
    auto text = killText(self->id_, self->output_.position());
    const auto killed = co_await self->ask(std::move(text), nullptr, asking);
    (void)killed;  // The run itself sees what came of it.
  };
  asio::co_spawn(account_->context.loop,
                 feeding(shared_from_this(), std::move(source)),
                 asio::bind_cancellation_slot(feeding_.slot(), asio::detached));
}

Task<void> RunSession::feed(std::shared_ptr<ByteSource> source) {
  const bool sized = source->size().has_value();
  auto left = source->size().value_or(0);
  std::string buffer(pieceSize, '\0');
  for (std::uint64_t number = 1; !over_; ++number) {
    // What comes bit by bit is passed on bit by bit.
    std::size_t filled = 0;
    bool end = false;
    do {
      auto into = std::as_writable_bytes(std::span(buffer).subspan(filled));
      auto count = co_await source->read(into);
      if (!count) co_return std::unexpected(std::move(count).error());
      end = *count == 0;
      filled += *count;
    } while (sized && !end && filled < buffer.size() && filled < left);
    left -= std::min<std::uint64_t>(left, filled);
    const bool last = end || (sized && left == 0);
    auto went = co_await handIn(number, buffer.substr(0, filled), last && filled > 0);
    if (!went) co_return std::unexpected(std::move(went).error());
    if (*went == "closed" || last) break;
  }
  co_return Result<void>();
}

/// Returns when the command has taken the piece before, so that a command that reads slowly slows the source.
Task<std::string> RunSession::handIn(std::uint64_t number, std::string bytes, bool last) {
  const bool asFile = bytes.size() > largestInText;
  if (asFile) {
    auto uploaded = co_await upload(number, bytes);
    if (!uploaded) co_return std::unexpected(std::move(uploaded).error());
  }
  const auto text = inputText(id_, number, asFile ? nullptr : &bytes, last);
  Asking asking;
  asking.attempts = 8;
  asking.persistent = true;
  while (!over_) {
    auto answer = co_await ask(text, nullptr, asking);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->state == RunState::unknown) co_return "closed";
    if (answer->state != RunState::input || answer->words.empty()) {
      co_return refuse(Errc::quotaExceeded, "the sandbox cannot keep the command's input: is its disk full?");
    }
    if (answer->words.front() != "full") co_return answer->words.front();
  }
  co_return "closed";
}

Task<void> RunSession::upload(std::uint64_t number, const std::string& bytes) {
  const auto path = inputPath(id_, number);
  const auto boundary = newKey(*account_);
  auto shared = std::make_shared<const std::string>(bytes);
  http::Request request;
  request.method = http::Method::post;
  request.target = "/files/bulk-upload";
  request.idempotency = http::Idempotency::safe;  // The same bytes to the same place, which nobody reads yet.
  http::MultipartForm empty(boundary);
  request.headers.add("Content-Type", empty.contentType());
  request.body = http::Body::replayable([path, boundary, shared]() -> Result<std::shared_ptr<ByteSource>> {
    http::MultipartForm form(boundary);
    form.addField("files[0].path", path);
    form.addFile("files[0].file", "input", sourceOf(*shared));
    return std::move(form).body();
  });
  auto response = co_await callToolbox(account_, instance_, std::move(request));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok())
    co_return std::unexpected(errorFrom(*account_, *response, "hand in a command's input"));
  co_return Result<void>();
}

}  // namespace mooring::daytona
