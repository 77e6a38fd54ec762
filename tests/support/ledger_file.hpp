// Where emulators under test record what they are asked.
#pragma once

#include <filesystem>

namespace mooring::test {

/// A new file in the folder that MOORING_TEST_LEDGERS names, for emulation::HostOptions::ledgerFile; empty
/// without it. An independent validator reads them afterwards (tests/sdk).
std::filesystem::path ledgerFile();

}  // namespace mooring::test
