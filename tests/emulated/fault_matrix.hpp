#pragma once

/// Every trouble × every operation: each ends well or in the right error, nothing runs twice, nothing is left
/// over, and the record says what is so. The operations are the same for all emulated providers
/// (matrix_*_test.cpp); a provider's <name>_faults_test.cpp says what can happen to it, and adds what only it
/// can suffer.

#include "cloud.hpp"
#include "trouble.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace mooring::test {

struct FaultWorld {
  std::function<std::unique_ptr<Cloud>()> cloud = {};
  /// All of one provider: those of the wire, and those of its own.
  std::vector<Trouble> troubles = {};
  /// Every execution is a request of its own: two equal ones in the ledger are one that ran twice.
  bool unequalExecutions = false;
};

/// Defined once for each provider.
FaultWorld faultWorld();

/// Where one operation meets one trouble.
struct Cell {
  Cloud& cloud;
  const Trouble& trouble;
  Sandbox sandbox;
  std::string name = {};  ///< Nobody else's; may be a path.

  /// What a script prints. It has to succeed.
  [[nodiscard]] std::string sh(const std::string& script) const;
  /// The file's content; nothing when there is no such file.
  [[nodiscard]] std::optional<std::string> content(const std::string& path) const;
  [[nodiscard]] bool lost() const { return trouble.harm == Harm::lost; }
};

Command shell(std::string script);

constexpr int neitherNor = 99;

struct Deed {
  std::function<void(Cell&)> prepare = [](Cell&) {};  ///< Undisturbed.
  std::function<Result<void>(Cell&)> act = {};
  /// How often it has had its effect: 0, 1, or what must not be.
  std::function<int(Cell&)> effects = {};
  bool safe = false;                  ///< Once or twice is the same: so no doubt remains, it is done again.
  bool ends = false;                  ///< The sandbox: the next cell gets another.
  std::set<Harm> spares = {};         ///< Kinds of trouble that it has no answer to.
  std::set<std::string> skips = {};   ///< Troubles that nobody could notice.
  std::set<std::string> unsure = {};  ///< Troubles under which it may fail all the same.
};

/// Strikes each of the requests that the deed makes when nothing is wrong with each of the troubles, one at a
/// time.
void underEachTrouble(const Deed& deed);

bool offers(Cloud& cloud, Capability capability);

/// An error that leaves open what happened, or says that nothing did; of something that goes by itself.
Verdict isTransient(const Error& error);

}  // namespace mooring::test
