#include "support/catch_runner.hpp"

int main(int argc, char** argv) { return mooring::test::runTests(argc, argv); }
