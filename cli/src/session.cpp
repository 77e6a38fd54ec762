#include "session.hpp"

#include "json_forms.hpp"
#include "words.hpp"

#include <boost/json/serialize.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace mooring::cli {

Session::Session(Globals globals, std::vector<std::string> tail, Interrupts& interrupts, Output& output)
    : globals_(std::move(globals)), tail_(std::move(tail)), interrupts_(interrupts), output_(output) {
  if (globals_.deadline.count() > 0) deadline_ = std::chrono::steady_clock::now() + globals_.deadline;
}

Result<SandboxService> Session::service() {
  if (!service_) {
    auto opened = openOn(globals_.database);
    if (!opened) return std::unexpected(std::move(opened).error());
    service_ = std::move(*opened);
  }
  return *service_;
}

Result<SandboxService> Session::openOn(const std::filesystem::path& database, Settings settings) const {
  OpenOptions options;
  options.parts.settings = std::move(settings);
  options.database = database;
  if (globals_.verbose) {
    auto log = std::make_shared<spdlog::logger>("mooring", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    log->set_level(spdlog::level::debug);
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
    options.parts.log = std::move(log);
  }
  return mooring::open(std::move(options));
}

CallOptions Session::call() const {
  CallOptions call;
  call.deadline = deadline_;
  call.stopToken = interrupts_.token();
  return call;
}

void Session::printJson(const boost::json::value& value) { print(boost::json::serialize(value) + "\n"); }

void Session::printLine(std::string_view text) { print(std::string(text) + "\n"); }

void Session::print(std::string_view text) { output_.write(Stream::out, text); }

void Session::note(std::string_view text) {
  if (!globals_.json) output_.write(Stream::err, "mooring: " + printable(text) + "\n");
}

void Session::report(const Error& error, int exitCode) {
  writeError(error, exitCode, globals_.json, output_);
}

void writeError(const Error& error, int exitCode, bool json, Output& output) {
  if (!json) {
    output.write(Stream::err, "mooring: " + printable(sentence(error)) + "\n");
    return;
  }
  boost::json::object object = toJson(error);
  object["exitCode"] = exitCode;
  boost::json::object line;
  line["error"] = std::move(object);
  output.write(Stream::err, boost::json::serialize(line) + "\n");
}

}  // namespace mooring::cli
