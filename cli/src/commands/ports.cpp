// preview and forward: how to reach a port of a sandbox.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>

namespace mooring::cli {
namespace {

struct PreviewFlags {
  std::string id = {};
  int port = 0;
  std::chrono::milliseconds wait = {};
  bool showHeaders = false;
};

boost::json::object toJson(const PreviewUrl& preview, bool showHeaders) {
  boost::json::object headers;
  for (const auto& [name, value] : preview.headers) {
    headers[name] = showHeaders ? boost::json::value(value.reveal()) : boost::json::value();
  }
  return {
      {"url", preview.url},
      {"headers", std::move(headers)},
      {"expiresAt",
       preview.expiresAt ? boost::json::value(mooring::toString(*preview.expiresAt)) : boost::json::value()}};
}

Result<int> preview(Session& session, const PreviewFlags& flags) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  const PreviewOptions options{.waitUntilReady = flags.wait};
  auto found = service->sandbox(flags.id).previews().url(flags.port, options, session.call()).get();
  if (!found) return std::unexpected(std::move(found).error());
  if (session.json()) {
    session.printJson(toJson(*found, flags.showHeaders));
    return exit_code::ok;
  }
  session.printLine(printable(found->url));
  for (const auto& [name, value] : found->headers) {
    if (flags.showHeaders) {
      session.printLine(name + ": " + value.reveal());
    } else {
      session.note("requests need the header " + name + "; --show-headers prints it, and it is a secret");
    }
  }
  return exit_code::ok;
}

struct ForwardFlags {
  std::string id = {};
  int port = 0;
  std::uint16_t localPort = 0;
};

Result<int> forward(Session& session, const ForwardFlags& flags) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  ForwardOptions options;
  options.localPort = flags.localPort;
  options.onListening = [&session](std::uint16_t port) {
    if (session.json()) {
      session.printJson(boost::json::object{{"address", "127.0.0.1"}, {"port", port}});
    } else {
      session.printLine("127.0.0.1:" + std::to_string(port));
    }
  };
  options.onBroken = [&session](const Error& error) {
    session.note("a connection broke: " + printable(error.message));
  };
  auto ended = service->sandbox(flags.id).forward(flags.port, std::move(options), session.call()).get();
  // It has no other end: being told to stop is success.
  const bool told = !ended &&
                    (ended.error().code == Errc::cancelled || ended.error().code == Errc::deadlineExceeded);
  if (!ended && !told) return std::unexpected(std::move(ended).error());
  return exit_code::ok;
}

}  // namespace

void addForwardCommand(CommandLine& line) {
  auto [app, flags] = line.leaf<ForwardFlags>(
      line.root(), "forward", "Lead a port of this machine into a sandbox", forward);
  app->add_option("ID", flags->id, "The sandboxId")->required();
  app->add_option("PORT", flags->port, "The port that something in it listens on")->required();
  app->add_option("--local-port", flags->localPort, "The port of this machine; 0 or nothing: any free port")
      ->type_name("PORT");
  app->footer(
      R"(Prints the address it listens on, which only this machine can reach; then carries every connection that is made to
it, whatever it speaks, until it is interrupted.)");
}

void addPreviewCommand(CommandLine& line) {
  auto [app, flags] = line.leaf<PreviewFlags>(
      line.root(), "preview", "Print the URL of a port of a sandbox", preview);
  app->add_option("ID", flags->id, "The sandboxId")->required();
  app->add_option("PORT", flags->port, "The port that something in it listens on")->required();
  addDuration(
      *app, "--wait", flags->wait, "Wait until something answers there, at most this long (exit code 124)");
  app->add_flag(
      "--show-headers", flags->showHeaders, "Also print the headers that requests need; they are secrets");
}

}  // namespace mooring::cli
