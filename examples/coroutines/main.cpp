// Many sandboxes at once from one Asio program: each coroutine owns one, and the program's own loop carries
// them all.
//
//   mooring_example_coroutines [how many]
#include <mooring/mooring.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <charconv>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;

namespace {

/// How many numbers from `first` on, up to `last`, are prime: work that the sandbox does.
mooring::Command countPrimes(int first, int last) {
  mooring::Command command;
  command.program = "awk";
  command.args = {"-v",
                  "first=" + std::to_string(first),
                  "-v",
                  "last=" + std::to_string(last),
                  R"(BEGIN {
                       for (n = first < 2 ? 2 : first; n <= last; n++) {
                         prime = 1
                         for (d = 2; d * d <= n; d++) if (n % d == 0) { prime = 0; break }
                         count += prime
                       }
                       print count + 0
                     })"};
  command.timeouts.total = std::chrono::seconds(60);
  return command;
}

/// One worker: a sandbox from creation to destruction. What goes wrong comes back as a value.
///
/// The named `config`, `command` and `outcome` are no matter of taste: with g++ 12, a statement that holds
/// `co_await` must not hold a `{…}` temporary.
mooring::Task<int> primesInSandbox(mooring::SandboxService service,
                                   mooring::SandboxConfig config,
                                   int first,
                                   int last) {
  auto created = co_await service.create(std::move(config));
  if (!created) co_return std::unexpected(std::move(created).error());
  const auto sandbox = std::move(*created);

  auto command = countPrimes(first, last);
  auto result = co_await sandbox.run(std::move(command));
  // Whatever became of the command, the sandbox goes; this error is of interest only if there was none
  // before.
  auto destroyed = co_await sandbox.destroy();
  if (!result) co_return std::unexpected(std::move(result).error());
  if (!destroyed) co_return std::unexpected(std::move(destroyed).error());

  int count = 0;
  const auto& text = result->out.text;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (result->exitCode != 0 || bad != std::errc()) {
    co_return mooring::failure(
        mooring::Errc::corrupted,
        "awk ended with " + std::to_string(result->exitCode) + ": " + result->err.text);
  }
  co_return count;
}

mooring::Result<int> run(int workers) {
  const auto database = std::filesystem::temp_directory_path() /
                        ("mooring-coroutines-" + std::to_string(std::random_device()()) + ".db");
  struct Removal {
    std::filesystem::path database;
    ~Removal() {
      std::error_code ignored;
      for (const auto* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(database.string() + suffix, ignored);
    }
  } const removal{database};

  auto service = mooring::open({.database = database});
  if (!service) return std::unexpected(std::move(service).error());

  constexpr int each = 20000;
  asio::io_context loop;
  std::vector<mooring::Result<int>> answers(static_cast<std::size_t>(workers));
  for (int i = 0; i < workers; ++i) {
    mooring::SandboxConfig config;
    config.provider = "local";
    config.purpose = "primes";
    auto& answer = answers[static_cast<std::size_t>(i)];
    asio::co_spawn(loop,
                   primesInSandbox(*service, std::move(config), i * each + 1, (i + 1) * each),
                   [&answer](const std::exception_ptr& thrown, mooring::Result<int> result) {
                     if (thrown) std::rethrow_exception(thrown);
                     answer = std::move(result);
                   });
  }
  loop.run();

  int total = 0;
  for (auto& answer : answers) {
    if (!answer) return answer;
    total += *answer;
  }
  std::cout << "primes up to " << workers * each << ": " << total << " (" << workers << " sandboxes)\n";
  return total;
}

}  // namespace

int main(int argc, char** argv) {
  int workers = 4;
  if (argc > 1) {
    const std::string_view text(argv[1]);
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), workers);
    if (bad != std::errc() || end != text.data() + text.size() || workers < 1 || workers > 100) {
      std::cerr << "usage: mooring_example_coroutines [1 to 100 sandboxes]\n";
      return 2;
    }
  }
  const auto total = run(workers);
  if (total) return 0;
  std::cerr << mooring::describe(total.error()) << '\n';
  return 1;
}
