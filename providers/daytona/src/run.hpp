// Commands in a sandbox. docs/decisions/0007-daytona-run.md says why this way.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"
#include "run/spent.hpp"

#include <memory>

namespace mooring::daytona {

class Commands final : public CommandsApi {
 public:
  explicit Commands(AccountPtr account) : account_(std::move(account)) {}

  Task<CommandEnd> run(Instance instance,
                       CommandSpec command,
                       RunObserver& observer,
                       CallOptions call) override;

 private:
  AccountPtr account_;
  std::shared_ptr<SpentRuns> spent_ = std::make_shared<SpentRuns>();
};

}  // namespace mooring::daytona
