#pragma once

namespace mooring::test {

/// Catch2's own main. Apart from `main` itself, so that child programs can use the support library and have
/// their own.
int runTests(int argc, char** argv);

}  // namespace mooring::test
