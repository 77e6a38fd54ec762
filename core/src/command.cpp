#include <mooring/command.hpp>

#include <array>
#include <charconv>
#include <csignal>

namespace mooring {
namespace {

struct NamedSignal {
  int number;
  std::string_view name;
};

// Linux numbers: sandboxes are Linux machines whatever the caller runs on.
constexpr std::array signals{
    NamedSignal{1, "SIGHUP"},    NamedSignal{2, "SIGINT"},   NamedSignal{3, "SIGQUIT"},
    NamedSignal{4, "SIGILL"},    NamedSignal{5, "SIGTRAP"},  NamedSignal{6, "SIGABRT"},
    NamedSignal{7, "SIGBUS"},    NamedSignal{8, "SIGFPE"},   NamedSignal{9, "SIGKILL"},
    NamedSignal{10, "SIGUSR1"},  NamedSignal{11, "SIGSEGV"}, NamedSignal{12, "SIGUSR2"},
    NamedSignal{13, "SIGPIPE"},  NamedSignal{14, "SIGALRM"}, NamedSignal{15, "SIGTERM"},
    NamedSignal{17, "SIGCHLD"},  NamedSignal{18, "SIGCONT"}, NamedSignal{19, "SIGSTOP"},
    NamedSignal{20, "SIGTSTP"},  NamedSignal{24, "SIGXCPU"}, NamedSignal{25, "SIGXFSZ"},
    NamedSignal{28, "SIGWINCH"}, NamedSignal{31, "SIGSYS"},
};

}  // namespace

std::string_view signalName(int signal) {
  for (const auto& known : signals) {
    if (known.number == signal) return known.name;
  }
  return {};
}

std::optional<int> parseSignal(std::string_view text) {
  int number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec == std::errc() && end == text.data() + text.size()) {
    if (number >= 1 && number <= 64) return number;
    return std::nullopt;
  }
  for (const auto& known : signals) {
    if (text == known.name || text == known.name.substr(3)) return known.number;
  }
  return std::nullopt;
}

}  // namespace mooring
