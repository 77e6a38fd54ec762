#include "toolbox_link.hpp"

#include <boost/json/object.hpp>

namespace mooring::daytona::emulator {

/// Nothing that a request could find yet.
class Daemon {};

void addToolbox(emulation::Router& /*router*/, World& /*world*/) {}

std::shared_ptr<Daemon> bootDaemon(const World& /*world*/, const Sandbox& /*sandbox*/) {
  return std::make_shared<Daemon>();
}

void endDaemon(Daemon& /*daemon*/) {}

emulation::Reply toolboxError(const emulation::Request& request, const Error& error, Timestamp now) {
  boost::json::object body;
  body["statusCode"] = emulation::statusOf(error);
  body["message"] = error.message;
  body["timestamp"] = toString(now);
  body["path"] = request.path;
  body["method"] = request.method;
  return emulation::jsonReply(emulation::statusOf(error), body);
}

}  // namespace mooring::daytona::emulator
