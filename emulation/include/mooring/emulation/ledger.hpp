/// What an emulator was asked and what it did: the witness of "one request", "nothing ran twice" and "nothing
/// leaked".
#pragma once

#include <mooring/emulation/message.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::emulation {

/// One request as it was answered.
struct LedgerEntry {
  std::uint64_t sequence = 0;  ///< From 1, in the order of arrival.
  std::string method = {};
  std::string route = {};   ///< "GET /sandbox/{id}"; empty when no route fitted.
  std::string target = {};  ///< Values of query parameters and path parts that are credentials are "***".
  int status = 0;  ///< What the handler said, even if the reply was lost; 0: nothing yet. 101: a WebSocket.
  std::uint64_t bodyBytes = 0;  ///< Read of the request's body.
  std::string bodyDigest = {};  ///< SHA-256 of what was read of it; empty without a body.
  std::string fault = {};       ///< What was done to it, if anything.
};

/// A command that really started.
struct LedgerCommand {
  std::string sandbox = {};
  std::string digest = {};  ///< Equal for equal commands.
};

/// Bodies for the record of an independent validator.
struct RecordedBodies {
  std::string contentType = {};
  std::string request = {};
  std::string replyContentType = {};
  std::string reply = {};
};

/// Threads: any.
class Ledger {
 public:
  /// Writes every finished exchange to `file` as one JSON line, bodies of up to 1 MiB included; never an
  /// Authorization header. Errors: invalidArgument (the file cannot be written).
  Result<void> recordTo(const std::filesystem::path& file);
  [[nodiscard]] bool recording() const;

  std::uint64_t begin(const Request& request, std::string fault);
  /// What is known of a request when its reply begins: by `sequence`; status and body are taken.
  void update(const LedgerEntry& entry);
  /// All is known: it is written to the record, too.
  void finish(const LedgerEntry& entry, const Request& request, const RecordedBodies& bodies);
  void connectionsAccepted(std::uint64_t count);

  void created(std::string sandbox);
  void destroyed(const std::string& sandbox);
  void ran(std::string sandbox, std::string digest);

  [[nodiscard]] std::vector<LedgerEntry> entries() const;
  /// By route; "" counts those that no route fitted.
  [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;
  [[nodiscard]] std::uint64_t count(std::string_view route) const;
  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] std::uint64_t connections() const;
  [[nodiscard]] std::vector<std::string> createdSandboxes() const;
  /// Created and not destroyed.
  [[nodiscard]] std::vector<std::string> livingSandboxes() const;
  [[nodiscard]] std::vector<LedgerCommand> commands() const;
  /// Forgets the requests and the commands; not which sandboxes live.
  void reset();

  [[nodiscard]] boost::json::object json() const;

 private:
  LedgerEntry* take(const LedgerEntry& entry);

  mutable std::mutex mutex_;
  std::vector<LedgerEntry> entries_;
  std::map<std::string, std::uint64_t> counts_;
  std::vector<std::string> created_;
  std::vector<std::string> living_;
  std::vector<LedgerCommand> commands_;
  std::uint64_t connections_ = 0;
  std::uint64_t connectionsBefore_ = 0;
  std::uint64_t nextSequence_ = 1;
  std::ofstream record_;
};

/// `request`'s target with the credentials in it hidden.
std::string safeTarget(const Request& request);

}  // namespace mooring::emulation
