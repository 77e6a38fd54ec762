// Paths as the file calls take them, and files as they tell them.
#pragma once

#include <mooring/emulation/machines.hpp>
#include <mooring/emulation/message.hpp>

#include <boost/json/object.hpp>

#include <string>

namespace mooring::sprites::emulated {

/// Relative paths start at `directory`, and without one at the home. Without "." and double slashes.
std::string placed(const std::string& path, const std::string& directory);
/// The query's "path" from its "workingDir". Errors: 400.
Result<std::string> pathIn(const emulation::Request& request);
/// "0644".
std::string modeText(int mode);
/// Octal. Errors: 400.
Result<int> parseMode(const std::string& text);
std::string lastPart(const std::string& path);
std::string childOf(const std::string& directory, const std::string& name);

/// {"name","path","type","size","mode","modTime","isDir"}.
boost::json::object entryJson(const FileInfo& info, const std::string& path);

/// What goes wrong with an error number's name: "EISDIR". `status` is the answer's.
std::unexpected<Error> fileRefusal(int status, std::string name, std::string reason);

}  // namespace mooring::sprites::emulated
