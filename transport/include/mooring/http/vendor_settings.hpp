/// Settings as every provider reads them.
#pragma once

#include <mooring/http/vendor.hpp>
#include <mooring/registry.hpp>

#include <span>
#include <string>

namespace mooring::http {

struct ApiAddress {
  std::string url = {};   ///< Without a slash at its end.
  std::string from = {};  ///< The variable it came from, for errors.
};

/// The first of `names` that is set, else `cloud`. Errors: invalidArgument, naming the variable.
Result<ApiAddress> readAddress(const Vendor& vendor,
                               const Settings& settings,
                               std::span<const char* const> names,
                               const char* cloud);

/// 1, true, yes, on, or 0, false, no, off. Unset leaves `out` as it is. Errors: invalidArgument, naming the
/// variable.
Result<void> readSwitch(const Vendor& vendor, const Settings& settings, const char* name, bool& out);

/// Those of `names` that are set, joined by commas; no values.
std::string namesOfSet(const Settings& settings, std::span<const char* const> names);

}  // namespace mooring::http
