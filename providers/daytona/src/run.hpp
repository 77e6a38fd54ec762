// Commands in a sandbox.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"

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
};

}  // namespace mooring::daytona
