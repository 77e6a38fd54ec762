// Comments of checkpoints. Snapshots have no place for one, so that they are kept in a tag of the sandbox.
#pragma once

#include <mooring/error.hpp>
#include <mooring/ids.hpp>

#include <map>
#include <string>
#include <string_view>

namespace mooring::vercel {

/// By the last characters of the snapshot's id, which are random.
using Comments = std::map<std::string, std::string, std::less<>>;

std::string commentKey(const CheckpointId& id);

/// What is not readable is left out: tags belong to everybody.
Comments readComments(std::string_view tag);
/// Errors: quotaExceeded, when they do not fit into a tag.
Result<std::string> writeComments(const Comments& comments);

}  // namespace mooring::vercel
