// preview: how to reach a port of a sandbox.
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

}  // namespace

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
