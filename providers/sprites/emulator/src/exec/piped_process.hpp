// A command with its three streams on pipes.
#pragma once

#include "exec/process.hpp"

namespace mooring::sprites::emulated {

/// See startProcess().
Task<ProcessPtr> startOnPipes(emulation::MachinePtr machine,
                              ProcessSpec spec,
                              std::shared_ptr<ProcessObserver> observer,
                              emulation::BackgroundPtr background);

}  // namespace mooring::sprites::emulated
