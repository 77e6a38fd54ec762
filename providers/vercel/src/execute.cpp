#include <mooring/guest/staging.hpp>
#include <mooring/http/interruptible.hpp>
#include <mooring/http/sources.hpp>

#include "errors.hpp"
#include "execution.hpp"
#include "upload.hpp"

#include <boost/asio/this_coro.hpp>

namespace asio = boost::asio;

namespace mooring::vercel {

namespace {

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
  auto items = guest::partsOf(scratchDirectory(nonce) + "/in/", std::move(whole));
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
  guest::Printed printed;
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
  co_return co_await http::endOf<CommandEnd>(std::move(execution), std::move(call));
}

Task<guest::Printed> runScript(AccountPtr account,
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
