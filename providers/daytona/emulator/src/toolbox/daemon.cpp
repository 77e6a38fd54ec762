#include "toolbox/daemon.hpp"

#include "toolbox/sessions.hpp"
#include "toolbox/terminals.hpp"

namespace mooring::daytona::emulator {

std::shared_ptr<Daemon> Daemon::make(DaemonParts parts) {
  return std::shared_ptr<Daemon>(new Daemon(std::move(parts)));
}

Daemon::Daemon(DaemonParts parts)
    : parts_(std::move(parts)),
      sessions_(std::make_unique<Sessions>()),
      terminals_(std::make_unique<Terminals>()) {}

Daemon::~Daemon() = default;

std::string Daemon::resolve(std::string_view path) const {
  if (path.starts_with('/')) return std::string(path);
  return path.empty() ? home() : home() + "/" + std::string(path);
}

std::map<std::string, std::string> Daemon::environment(const std::map<std::string, std::string>& more) const {
  auto all = more;
  all.insert(parts_.environment.begin(), parts_.environment.end());
  all.emplace("HOME", home());
  all.emplace("USER", user());
  return all;
}

void Daemon::end() {
  sessions_->end();
  terminals_->end();
}

}  // namespace mooring::daytona::emulator
