#include "exec/process.hpp"

#include "exec/piped_process.hpp"
#include "exec/terminal_process.hpp"

namespace mooring::sprites::emulated {

std::map<std::string, std::string> usualEnvironment() {
  return {
      {"PATH",
       "/home/sprite/.local/bin:/.sprite/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
}

Task<ProcessPtr> startProcess(emulation::MachinePtr machine,
                              ProcessSpec spec,
                              std::shared_ptr<ProcessObserver> observer,
                              emulation::BackgroundPtr background) {
  if (spec.environment) {
    // The program stays the same process: `env` becomes it.
    std::vector<std::string> argv = {"env", "-i", "HOME=" + machine->spec().home};
    for (const auto& [name, value] : *spec.environment)
      argv.push_back(name + "=" + value);
    argv.insert(argv.end(), spec.argv.begin(), spec.argv.end());
    spec.argv = std::move(argv);
  }
  auto starting = spec.tty
                      ? startOnTerminal(std::move(machine), std::move(spec), std::move(observer), background)
                      : startOnPipes(std::move(machine), std::move(spec), std::move(observer), background);
  co_return co_await std::move(starting);
}

}  // namespace mooring::sprites::emulated
