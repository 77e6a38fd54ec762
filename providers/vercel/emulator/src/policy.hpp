// Network policies: requests say them in one shape, answers in another.
#pragma once

#include <mooring/error.hpp>

#include <boost/json/object.hpp>

namespace mooring::vercel::emulated {

struct Policy {
  bool deniesAll = false;
  boost::json::object answer = {};  ///< As answers show it: modes and lists, no values of injected headers.
};

/// Both request shapes: {"mode":…} and {"allow":…,"subnets":…}. Errors: status 400 naming the member.
Result<Policy> parsePolicy(const boost::json::object& request);

}  // namespace mooring::vercel::emulated
