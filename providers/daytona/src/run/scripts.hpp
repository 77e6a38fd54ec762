// What runs in the sandbox: providers/daytona/guest/**.sh, whose own comments say what they do.
#pragma once

#include <string_view>

namespace mooring::daytona::scripts {

// One run.
extern const std::string_view common;
extern const std::string_view run;
extern const std::string_view keeper;
extern const std::string_view next;
extern const std::string_view kill;
extern const std::string_view input;

// One call about files: a whole script, run like any other command.
extern const std::string_view list;
extern const std::string_view mkdir;
extern const std::string_view put;
extern const std::string_view remove;
extern const std::string_view stat;

}  // namespace mooring::daytona::scripts
