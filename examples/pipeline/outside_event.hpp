// Losing a sandbox the way sandboxes are lost: somebody else removes it, and mooring is not told.
#pragma once

#include <mooring/mooring.hpp>

#include <string>

/// Removes what stands behind `sandbox`, past its record. Returns in plain words what was done.
mooring::Result<std::string> loseSandbox(const mooring::Sandbox& sandbox,
                                         const mooring::SandboxRecord& record);
