#include "setup.hpp"

#include "environment.hpp"
#include "run_once.hpp"
#include "tree.hpp"

#include <spdlog/fmt/fmt.h>

namespace mooring::detail {
namespace {

/// The end of what a failed step printed: enough to see why, short enough for a row.
std::string lastLines(const CommandResult& result) {
  constexpr std::size_t most = 400;
  std::string text = result.err.text.empty() ? result.out.text : result.err.text;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  if (text.size() > most) text = "…" + text.substr(text.size() - most);
  for (auto& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

Task<void> runStep(CorePtr core,
                   std::shared_ptr<Provider> provider,
                   Instance instance,
                   SandboxConfig config,
                   SetupCommand step,
                   std::string label,
                   CallOptions call) {
  auto env = fullEnvironment(*core, config, step.env);
  if (!env) co_return std::unexpected(std::move(env).error());
  Command command;
  command.program = step.program;
  command.args = step.args;
  command.cwd = step.cwd;
  command.timeouts.total = step.timeout;
  command.captureLimit = std::size_t{16} << 10;
  std::shared_ptr<ByteSource> noInput;
  auto result = co_await runOnce(
      core, provider, instance, std::move(command), std::move(*env), noInput, call);
  if (!result) co_return std::unexpected(withContext(std::move(result).error(), label));
  if (result->timedOut) {
    co_return failure(
        Errc::setupFailed,
        fmt::format("{} (\"{}\") was killed after {} ms", label, step.program, step.timeout.count()));
  }
  if (result->exitCode != 0) {
    co_return failure(
        Errc::setupFailed,
        fmt::format(
            "{} (\"{}\") ended with {}: {}", label, step.program, result->exitCode, lastLines(*result)));
  }
  co_return Result<void>();
}

Task<void> uploadStep(CorePtr core,
                      std::shared_ptr<Provider> provider,
                      Instance instance,
                      SetupUpload step,
                      std::string label,
                      CallOptions call) {
  WriteOptions options;
  options.mode = step.mode;
  Result<void> done;
  if (step.content) {
    auto source = sourceOf(*step.content);
    SandboxPath path(step.path);
    done = co_await provider->files().write(instance, std::move(path), std::move(source), options, call);
  } else {
    TransferOptions quiet;
    SandboxPath path(step.path);
    auto sent = co_await uploadTree(core, provider, instance, step.source, path, quiet, call);
    if (sent && step.mode) {
      done = co_await provider->files().setMode(instance, std::move(path), *step.mode, call);
    } else if (!sent) {
      done = std::unexpected(std::move(sent).error());
    }
  }
  if (!done) co_return std::unexpected(withContext(std::move(done).error(), label));
  co_return done;
}

}  // namespace

Task<void> runSetup(CorePtr core,
                    std::shared_ptr<Provider> provider,
                    Instance instance,
                    SandboxConfig config,
                    CallOptions call) {
  int number = 0;
  for (const auto& step : config.setup) {
    const auto label = fmt::format("setup step {}", ++number);
    Result<void> done;
    if (const auto* command = std::get_if<SetupCommand>(&step)) {
      done = co_await runStep(core, provider, instance, config, *command, label, call);
    } else {
      done = co_await uploadStep(core, provider, instance, std::get<SetupUpload>(step), label, call);
    }
    if (!done) co_return done;
  }
  co_return Result<void>();
}

}  // namespace mooring::detail
