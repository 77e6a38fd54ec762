// beside_emulator <provider> <program> [argument...]: runs the program with that provider emulated and
// chosen, as its documentation tells users to. Ends with the program's code; with 1 also when it has left
// something behind.
#include "emulators.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int fail(const std::string& what) {
  std::cerr << "beside_emulator: " << what << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fail("name a provider and a program");
  const std::string provider = argv[1];
  for (const auto& [name, factory] : mooring::builtinEmulators()) {
    if (name != provider) continue;
    auto host = mooring::emulation::Host::start(factory);
    if (!host) return fail(describe(host.error()));
    ::setenv("SANDBOX_PROVIDER", provider.c_str(), 1);
    for (const auto& [variable, value] : (*host)->environment())
      ::setenv(variable.c_str(), value.c_str(), 1);
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, argv[2], nullptr, nullptr, argv + 2, environ);
    if (failed != 0) return fail(std::string(argv[2]) + ": " + std::strerror(failed));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    for (const auto& left : (*host)->ledger().livingSandboxes())
      return fail("left behind: " + left);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
  return fail("there is no emulator of " + provider);
}
