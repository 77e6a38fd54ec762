#include "apis.hpp"
#include "client.hpp"
#include "errors.hpp"
#include "run_session.hpp"
#include "waiting.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mooring::local {

namespace asio = boost::asio;

namespace {

/// Goes on when the session has ended. Cancelling interrupts it, and the end is still awaited.
asio::awaitable<Result<CommandEnd>> endOf(std::shared_ptr<RunSession> session,
                                          std::shared_ptr<ByteSource> input) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<CommandEnd>)>(
      [](auto handler, std::shared_ptr<RunSession> running, std::shared_ptr<ByteSource> source) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
          slot.assign([weak = std::weak_ptr(running)](asio::cancellation_type type) {
            const auto self = weak.lock();
            if (self && type != asio::cancellation_type::none) self->interrupt();
          });
        }
        running->watch(std::move(source),
                       [handler = std::move(handler), slot](Result<CommandEnd> end) mutable {
                         if (slot.is_connected()) slot.clear();
                         std::move(handler)(std::move(end));
                       });
      },
      asio::use_awaitable,
      std::move(session),
      std::move(input));
}

}  // namespace

Result<std::string> launchFrame(protocol::Encoder request, const CommandSpec& command) {
  if (command.program.empty()) return refuse(Errc::invalidArgument, "command.program is empty");
  protocol::LaunchRequest launch;
  launch.program = command.program;
  launch.args = command.args;
  launch.cwd = command.cwd;
  launch.hasInput = command.input != nullptr;
  for (const auto& [name, value] : command.env) {
    if (name.empty() || name.find('=') != std::string::npos) {
      return refuse(Errc::invalidArgument, "env: \"" + name + "\" cannot be the name of a variable");
    }
    if (value.find('\0') != std::string::npos || name.find('\0') != std::string::npos) {
      return refuse(Errc::invalidArgument, "env: the value of " + name + " holds a NUL");
    }
    launch.env.push_back(name + "=" + value);
  }
  for (const auto& argument : launch.args) {
    if (argument.find('\0') != std::string::npos)
      return refuse(Errc::invalidArgument, "command.args holds a NUL");
  }
  if ((launch.program + launch.cwd).find('\0') != std::string::npos) {
    return refuse(Errc::invalidArgument, "command.program or command.cwd holds a NUL");
  }
  launch.encode(request);
  return request.take();
}

Task<CommandEnd> Commands::run(Instance instance,
                               CommandSpec command,
                               RunObserver& observer,
                               CallOptions /*call*/) {
  auto frame = launchFrame(protocol::request(protocol::Ask::run), command);
  if (!frame) co_return std::unexpected(std::move(frame).error());
  auto connection = co_await connectTo(site_, std::move(instance));
  if (!connection) co_return std::unexpected(std::move(connection).error());
  const bool cancelled = co_await wasCancelled();
  if (cancelled) co_return refuse(Errc::cancelled, "the call was cancelled before the command was started");
  auto session = std::make_shared<RunSession>(site_, *connection, observer, command.program, command.cwd);
  {
    auto theirs = session->open(command.input != nullptr);
    if (!theirs) co_return std::unexpected(std::move(theirs).error());
    std::vector<int> numbers;
    for (const auto& end : *theirs) {
      numbers.push_back(end.get());
    }
    auto sent = co_await (*connection)->send(std::move(*frame), std::move(numbers));
    if (!sent) co_return std::unexpected(std::move(sent).error());
  }  // The command has its ends now; the pipes would never end while they are open here too.
  co_return co_await endOf(std::move(session), std::move(command.input));
}

}  // namespace mooring::local
