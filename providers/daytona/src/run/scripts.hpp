// The shell side of running commands: providers/daytona/guest/*.sh, whose own comments say what they do.
#pragma once

#include <string_view>

namespace mooring::daytona::scripts {

extern const std::string_view common;
extern const std::string_view run;
extern const std::string_view keeper;
extern const std::string_view next;
extern const std::string_view kill;
extern const std::string_view input;

}  // namespace mooring::daytona::scripts
