#include <mooring/http/sources.hpp>

#include "errors.hpp"
#include "execution.hpp"
#include "upload.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

namespace mooring::vercel {

namespace {

/// Goes on when the execution has ended. Cancelling interrupts it, and the end is still awaited.
asio::awaitable<Result<CommandEnd>> endOf(std::shared_ptr<Execution> execution, CallOptions call) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<CommandEnd>)>(
      [](auto handler, std::shared_ptr<Execution> running, CallOptions options) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
          slot.assign([weak = std::weak_ptr(running)](asio::cancellation_type type) {
            const auto self = weak.lock();
            if (self && type != asio::cancellation_type::none) self->interrupt();
          });
        }
        running->start(std::move(options),
                       [handler = std::move(handler), slot](Result<CommandEnd> end) mutable {
                         if (slot.is_connected()) slot.clear();
                         std::move(handler)(std::move(end));
                       });
      },
      asio::use_awaitable,
      std::move(execution),
      std::move(call));
}

/// A command's input, sent beforehand where it is too long to go along.
struct Prepared {
  Input input = Input::none;
  std::string text = {};
};

Task<Prepared> prepareInput(AccountPtr account,
                            Instance instance,
                            std::string nonce,
                            std::shared_ptr<ByteSource> source,
                            CallOptions call) {
  Prepared out;
  if (!source) co_return out;
  auto head = co_await http::readUpTo(source, longestInlineInput + 1);
  if (!head) co_return std::unexpected(std::move(head).error());
  if (head->size() <= longestInlineInput) {
    out.input = Input::text;
    out.text = std::move(*head);
    co_return out;
  }
  auto whole = http::prefixed(std::move(*head), std::move(source));
  auto items = partsOf(scratchDirectory(nonce) + "/in/", std::move(whole));
  auto sent = co_await uploadArchive(
      std::move(account), std::move(instance), std::move(items), "send the command's input", std::move(call));
  if (!sent) co_return std::unexpected(std::move(sent).error());
  out.input = Input::files;
  co_return out;
}

/// Keeps what a script prints.
class Collected final : public RunObserver {
 public:
  void onStarted() override {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    (stream == Stream::out ? printed.out : printed.err) += asText(bytes);
  }
  Printed printed;
};

}  // namespace

Task<CommandEnd> execute(
    AccountPtr account, Instance instance, CommandSpec command, RunObserver& observer, CallOptions call) {
  const auto nonce = account->context.ids->uuid();
  auto input = co_await prepareInput(account, instance, nonce, std::move(command.input), call);
  if (!input) co_return std::unexpected(std::move(input).error());
  auto wrapped = wrap(command, nonce, input->input, input->text);
  if (!wrapped) co_return std::unexpected(std::move(wrapped).error());
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none)
    co_return refuse(Errc::cancelled, "the call was cancelled before the command was started");
  auto execution = std::make_shared<Execution>(
      std::move(account), std::move(instance), std::move(*wrapped), std::move(command.cwd), observer);
  co_return co_await endOf(std::move(execution), std::move(call));
}

Task<Printed> runScript(AccountPtr account,
                        Instance instance,
                        std::string_view script,
                        std::vector<std::string> args,
                        CallOptions call) {
  CommandSpec command;
  command.program = "sh";
  command.args.emplace_back("-c");
  command.args.emplace_back(script);
  command.args.emplace_back("mooring");
  for (auto& arg : args)
    command.args.push_back(std::move(arg));
  command.env.emplace("LC_ALL", "C");  // What tools say is read.
  Collected seen;
  auto end = co_await execute(
      std::move(account), std::move(instance), std::move(command), seen, std::move(call));
  if (!end) co_return std::unexpected(std::move(end).error());
  if (end->interrupted) co_return refuse(Errc::cancelled, "interrupted");
  seen.printed.exitCode = end->exitCode;
  co_return std::move(seen.printed);
}

}  // namespace mooring::vercel
