// A command on a terminal of its own.
#pragma once

#include "exec/process.hpp"

namespace mooring::sprites::emulated {

/// See startProcess(). All output comes on Stream::out.
Task<ProcessPtr> startOnTerminal(emulation::MachinePtr machine,
                                 ProcessSpec spec,
                                 std::shared_ptr<ProcessObserver> observer,
                                 emulation::BackgroundPtr background);

}  // namespace mooring::sprites::emulated
