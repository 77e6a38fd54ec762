// What guest/files/list.sh and stat.sh print.
#pragma once

#include <mooring/error.hpp>
#include <mooring/files.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona {

/// By name. Errors: corrupted.
Result<std::vector<FileInfo>> readListing(std::string_view printed);
/// `name` is the last part of the path. Errors: corrupted.
Result<FileInfo> readStat(std::string_view printed, std::string name);

}  // namespace mooring::daytona
