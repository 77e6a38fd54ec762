#define CATCH_CONFIG_RUNNER
#include "support/catch_runner.hpp"

#include "support/catch.hpp"

namespace mooring::test {

int runTests(int argc, char** argv) { return Catch::Session().run(argc, argv); }

}  // namespace mooring::test
