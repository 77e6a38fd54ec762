#pragma once

/// Records to store, and a text of each that shows every member.

#include <mooring/store.hpp>

#include <boost/json/object.hpp>

#include <string>

namespace mooring::test {

Timestamp at(int second);
/// 00000000-0000-7000-8000-00000000000n: ids sort by n.
SandboxId sandboxId(int n);
CommandId commandId(int n);

/// A record in `creating` with what every record has.
SandboxRecord plainRecord(int n);
/// One with every member set to something that is not its default.
SandboxRecord fullRecord(int n);
SandboxEvent plainEvent(int n, EventReason reason);
Debt plainDebt(int n);
/// A command of sandbox `n` with arguments of any bytes but NUL.
CommandRecord plainCommand(int n, int command);

/// Every member, in JSON.
boost::json::object toJson(const Debt& debt);
std::string text(const SandboxRecord& record);
std::string text(const SandboxEvent& event);
std::string text(const Debt& debt);
std::string text(const CommandRecord& command);

}  // namespace mooring::test
