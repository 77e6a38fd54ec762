#include <mooring/detail/json_text.hpp>
#include <mooring/detail/store_rules.hpp>

#include <algorithm>

namespace mooring::detail {
namespace {

Result<void> checkReadable(const SandboxRecord& record) {
  if (auto checked = checkStorable(record.connection, "connection"); !checked) return checked;
  if (auto checked = checkStorable(toJson(record.config), "config"); !checked) return checked;
  if (auto read = parseConfig(toJson(record.config)); !read) return std::unexpected(std::move(read).error());
  return {};
}

template <class Item>
Result<void> claim(std::vector<Item>& items, const SandboxId& id, const char* what) {
  for (auto& item : items) {
    if (item.sandboxId.empty()) item.sandboxId = id;
    if (item.sandboxId != id) {
      return failure(Errc::internal,
                     "a change of sandbox " + id.value + " carries " + what + " of " + item.sandboxId.value);
    }
  }
  return {};
}

Result<void> checkLease(const SandboxId& id, const StoredState& stored, std::int64_t fencingToken) {
  if (stored.leaseToken == fencingToken) return {};
  const auto by = stored.leaseOwner.empty() ? "somebody who has released it since" : stored.leaseOwner;
  return failure(Errc::conflict,
                 "the lease of sandbox " + id.value + " was taken over by " + by + " (token " +
                     std::to_string(stored.leaseToken) + ", ours is " + std::to_string(fencingToken) +
                     "); read it again");
}

}  // namespace

Result<RecordChange> prepared(const RecordChange& change) {
  if (change.record.sandboxId.empty())
    return failure(Errc::internal, "a record without a sandboxId cannot be stored");
  if (auto readable = checkReadable(change.record); !readable) {
    return std::unexpected(withContext(
        std::move(readable).error(),
        "sandbox " + change.record.sandboxId.value + " cannot be stored so that it could be read again"));
  }
  RecordChange out = change;
  if (auto own = claim(out.events, out.record.sandboxId, "an event"); !own)
    return std::unexpected(own.error());
  if (auto own = claim(out.incurred, out.record.sandboxId, "a debt"); !own)
    return std::unexpected(own.error());
  return out;
}

Result<void> checkRenewal(const SandboxId& id, const StoredState& stored, std::int64_t fencingToken) {
  if (auto held = checkLease(id, stored, fencingToken); !held) return held;
  if (stored.leased) return {};
  return failure(Errc::conflict, "the lease of sandbox " + id.value + " was released and cannot be renewed");
}

Result<void> checkUpdate(const StoredState& stored, const RecordChange& change, std::int64_t fencingToken) {
  const auto& record = change.record;
  if (auto held = checkLease(record.sandboxId, stored, fencingToken); !held) return held;
  if (stored.version != record.version) {
    return failure(Errc::conflict,
                   "sandbox " + record.sandboxId.value + " was changed by somebody else (version " +
                       std::to_string(stored.version) + ", expected " + std::to_string(record.version) +
                       "); read it again");
  }
  if (record.leaseToken != fencingToken && record.leaseToken != fencingToken + 1) {
    return failure(Errc::internal,
                   "a lease token of sandbox " + record.sandboxId.value + " cannot go from " +
                       std::to_string(fencingToken) + " to " + std::to_string(record.leaseToken));
  }
  if (!transitionAllowed(stored.status, record.status)) {
    return failure(Errc::internal,
                   "sandbox " + record.sandboxId.value + " cannot go from " +
                       std::string(toString(stored.status)) + " to " + std::string(toString(record.status)));
  }
  return {};
}

Result<void> checkPayment(const Debt& debt, const SandboxEvent& event) {
  if (event.sandboxId == debt.sandboxId) return {};
  return failure(Errc::internal,
                 "debt " + std::to_string(debt.seq) + " of sandbox " + debt.sandboxId.value +
                     " was paid with an event of " + event.sandboxId.value);
}

Result<void> checkCommand(const CommandRecord& command) {
  const auto hasNul = [](const std::string& text) { return text.contains('\0'); };
  if (hasNul(command.program) || hasNul(command.cwd) || std::ranges::any_of(command.args, hasNul)) {
    return failure(Errc::invalidArgument,
                   "command " + command.commandId.value +
                       " has a NUL byte in its program, cwd or arguments; put such data into a file");
  }
  return {};
}

Result<void> checkPage(const PageRequest& page) {
  if (page.limit >= 1 && page.limit <= 1000) return {};
  return failure(Errc::invalidArgument, "a page's limit is 1 to 1000, not " + std::to_string(page.limit));
}

Result<void> checkRunning(const CommandId& id, CommandStatus stored) {
  switch (stored) {
    case CommandStatus::starting:
    case CommandStatus::running:
      return {};
    case CommandStatus::exited:
    case CommandStatus::failed:
    case CommandStatus::lost:
      break;
  }
  return failure(Errc::conflict,
                 "command " + id.value + " has ended (" + std::string(toString(stored)) +
                     ") and does not change any more");
}

std::unexpected<Error> noSuchSandbox(const SandboxId& id) {
  return failure(Errc::notFound, "no sandbox " + id.value + " in this database");
}
std::unexpected<Error> noSuchCommand(const CommandId& id) {
  return failure(Errc::notFound, "no command " + id.value + " in this database");
}
std::unexpected<Error> noSuchDebt(std::int64_t seq) {
  return failure(Errc::notFound, "no debt " + std::to_string(seq) + " in this database: it has been paid");
}
std::unexpected<Error> sandboxExists(const SandboxId& id) {
  return failure(Errc::conflict, "sandbox " + id.value + " exists already");
}
std::unexpected<Error> keyTaken(const std::string& provisionKey) {
  return failure(Errc::conflict, "the provision key " + provisionKey + " belongs to another sandbox");
}
std::unexpected<Error> ambiguousKey(const std::string& key) {
  return failure(Errc::conflict,
                 "several sandboxes have the external id " + key + "; ask for one by its provision key");
}
std::unexpected<Error> commandExists(const CommandId& id) {
  return failure(Errc::conflict, "command " + id.value + " exists already");
}

}  // namespace mooring::detail
