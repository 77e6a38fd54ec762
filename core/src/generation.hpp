// Making one generation of a sandbox: provision, set up, commit. Every state change of creation is in here.
#pragma once

#include "core.hpp"

#include <string>
#include <vector>

namespace mooring::detail {

/// Refuses what can be refused before anything is spent. Returns the provider.
Result<std::shared_ptr<Provider>> checkConfig(Core& core,
                                              const SandboxConfig& config,
                                              const std::string& provider);

/// `record` is committed as creating or recreating and leased to us. `owed` are the debts for what stood
/// before: they are paid first. Ends with the record active; or error (definite failure); or as it was,
/// without a lease, when it is not known whether something was made. Errors: the provider's; setupFailed;
/// outcomeUnknown; conflict when the lease was taken over meanwhile.
Task<SandboxRecord> buildGeneration(CorePtr core,
                                    SandboxRecord record,
                                    std::vector<Debt> owed,
                                    CallOptions call);

/// Commits the intent to put a new generation behind `record`, then builds it. What stood before becomes a
/// debt when `destroyOld`. Errors: conflict when somebody else changed the record first: look again.
Task<SandboxRecord> recreateFrom(CorePtr core,
                                 SandboxRecord record,
                                 EventReason why,
                                 std::string detail,
                                 bool destroyOld,
                                 CallOptions call);

/// Goes on with a creation whose lease has run out. Errors: as buildGeneration.
Task<SandboxRecord> takeOver(CorePtr core, SandboxRecord record, CallOptions call);

/// Pays one debt. Gone already counts as paid. Errors: the provider's.
Task<void> payDebt(CorePtr core, Debt debt, CallOptions call);

/// A debt for what stands (or may stand) behind `record`.
Debt debtFor(const Core& core, const SandboxRecord& record, DebtKind kind, std::string why);

}  // namespace mooring::detail
