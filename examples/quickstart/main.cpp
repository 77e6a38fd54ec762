#include <mooring/mooring.hpp>

#include <iostream>

int main() try {
  auto service = mooring::open().value();
  auto sandbox = service.create({.provider = "local", .purpose = "quickstart"}).get().value();
  auto result = sandbox.run("sh", {"-c", "echo $((6 * 7)) from $(pwd)"}).get().value();
  std::cout << sandbox.id().value << " says " << result.out.text;
  sandbox.destroy().get().value();
} catch (const std::bad_expected_access<mooring::Error>& failed) {
  std::cerr << mooring::describe(failed.error()) << '\n';
  return 1;
}
