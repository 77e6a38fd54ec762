/// An emulator of Daytona: its control plane under /api, its toolbox under /toolbox.
#pragma once

#include <mooring/emulation/emulator.hpp>

#include <memory>

namespace mooring::daytona {

/// Settings, all optional:
///   key            the one API key that it takes; else any that begins with "dtn_"
///   warm           true: a plain creation answers `started` at once, as from a warm pool
///   looks          so many look-ups (GET by id or name) still see a transition (default 0)
///   delayMs        so long, by the stage's clock, a transition lasts at least (default 0)
///   volumeLooks    the same as `looks`, for volumes (default 0)
///   quotaCpu       CPUs of the whole organization (default 1000)
///   daemon         0.190.0 or 0.205.0 (default): what runs in the sandboxes; the older one knows fewer
///   routes and
///                  answers file errors without a body
/// States for FaultAction::disturb: stopped, archived, error, recoverable (an error that can be recovered
/// from), dead (nothing answers inside, though it is said to be started), gone. Errors: invalidArgument (a
/// setting that it does not know or cannot read).
Result<std::unique_ptr<emulation::Emulator>> makeEmulator(const emulation::Stage& stage);

}  // namespace mooring::daytona
