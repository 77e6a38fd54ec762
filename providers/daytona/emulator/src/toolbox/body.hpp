// Request bodies of the toolbox.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/strict.hpp>

#include "toolbox/errors.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona::emulator {

/// Errors: status 400 (INVALID_REQUEST_BODY), when it is missing or no JSON object.
Task<boost::json::object> jsonBody(emulation::ExchangePtr exchange);

/// What `members` found wrong, with the daemon's code for it.
Result<void> checkBody(emulation::Members& members);

/// A list of texts that must be there.
std::vector<std::string> textList(emulation::Members& members, std::string_view name);

/// Errors: status 400, naming the variable that no shell could know.
Result<void> checkVariables(const std::map<std::string, std::string>& variables);

/// A query parameter that must be there. Errors: status 400 naming it.
Result<std::string> requiredQuery(const emulation::Request& request, std::string_view name);

/// Permission bits as "755" or "0755". Errors: status 400.
Result<int> parseMode(const std::string& text);

}  // namespace mooring::daytona::emulator
