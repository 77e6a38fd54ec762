// What a user's first program needs of the installed package: it opens a service and has a sandbox.
#include <mooring/local/options.hpp>
#include <mooring/mooring.hpp>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  mooring::OpenOptions options;
  options.database = std::string(argv[1]) + "/records.db";
  options.parts.settings = mooring::Settings::fromEnvironment().with("MOORING_LOCAL_DIR",
                                                                     std::string(argv[1]) + "/local");
  const auto service = mooring::open(std::move(options));
  if (!service) {
    std::cerr << mooring::describe(service.error()) << '\n';
    return 1;
  }
  mooring::SandboxConfig config;
  config.provider = mooring::local::Options::provider;
  const auto sandbox = service->create(config).get();
  if (!sandbox) {
    std::cerr << mooring::describe(sandbox.error()) << '\n';
    return 1;
  }
  const auto greeting = sandbox->run("echo", {"hello"}).get();
  const auto destroyed = sandbox->destroy().get();
  return greeting && greeting->out.text == "hello\n" && destroyed ? 0 : 1;
}
