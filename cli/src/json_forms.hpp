// The JSON that `--json` prints, where the library has no form of its own. Keys are spelled as the members
// are.
#pragma once

#include <mooring/detail/json_text.hpp>
#include <mooring/mooring.hpp>

#include <boost/json/value.hpp>

namespace mooring::cli {

using mooring::detail::bytesToJson;

boost::json::object toJson(const Error& error);
boost::json::object toJson(const ConnectionOutcome& outcome);
boost::json::object toJson(const CommandResult& result);
boost::json::object toJson(const FileInfo& file);
boost::json::object toJson(const CheckpointInfo& checkpoint);
boost::json::object toJson(const VolumeInfo& volume);
boost::json::object toJson(const RecoveryStep& step);
boost::json::object toJson(const Finding& finding);
boost::json::object toJson(const ProviderDescription& provider);

}  // namespace mooring::cli
