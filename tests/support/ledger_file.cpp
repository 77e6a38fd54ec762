#include "support/ledger_file.hpp"

#include <atomic>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace mooring::test {

std::filesystem::path ledgerFile() {
  static std::atomic<int> count = 0;
  const char* folder = std::getenv("MOORING_TEST_LEDGERS");
  if (folder == nullptr || *folder == '\0') return {};
  return std::filesystem::path(folder) /
         (std::to_string(::getpid()) + "-" + std::to_string(++count) + ".jsonl");
}

}  // namespace mooring::test
