// One command on one instance, watched: captured, timed, killed when a limit passes. No reconnecting, no
// record.
#pragma once

#include "core.hpp"

#include <map>
#include <memory>
#include <string>

namespace mooring::detail {

/// Errors: invalidArgument (no program, a NUL byte).
Result<void> validateCommand(const Command& command);

/// `env` is complete. `input` is what is left of the command's standard input; null: none.
/// Errors carry what was captured in Error::partial.
Task<CommandResult> runOnce(CorePtr core,
                            std::shared_ptr<Provider> provider,
                            Instance instance,
                            Command command,
                            std::map<std::string, std::string> env,
                            std::shared_ptr<ByteSource> input,
                            CallOptions call);

/// Wraps a stream that can be read only once, and remembers whether that has begun.
class OnceSource final : public ByteSource {
 public:
  explicit OnceSource(std::shared_ptr<ByteSource> inner) : inner_(std::move(inner)) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return inner_->size(); }
  [[nodiscard]] bool begun() const { return begun_; }

 private:
  std::shared_ptr<ByteSource> inner_;
  bool begun_ = false;
};

}  // namespace mooring::detail
