// Answers: everything that the API shows of what it holds.
#pragma once

#include "state.hpp"

#include <boost/json/object.hpp>

namespace mooring::vercel::emulated {

/// Optional members are left out, never null: the vendor's clients refuse a null. `env` and passwords are
/// never shown. With `counters` also what lists and look-ups add.
boost::json::object sandboxJson(const Sandbox& sandbox, Millis now, bool counters);
boost::json::object sessionJson(const Session& session, Millis now);
boost::json::array routesJson(const Sandbox& sandbox);
boost::json::object commandJson(const CommandRun& command);
/// As it was when it began, even if it has ended since: clients take one with an exit code for the last they
/// hear.
boost::json::object begunCommandJson(const CommandRun& command);
boost::json::object snapshotJson(const Snapshot& snapshot);
boost::json::object driveJson(const Drive& drive, const std::string& holder);

/// {"sandbox","session","routes"}.
boost::json::object placeJson(const Sandbox& sandbox, Millis now);

}  // namespace mooring::vercel::emulated
