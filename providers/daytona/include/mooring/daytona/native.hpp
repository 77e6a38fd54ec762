/// What Daytona offers beyond mooring's common surface: `sandbox.native<daytona::Native>().get()`.
#pragma once

#include <mooring/error.hpp>
#include <mooring/secret.hpp>
#include <mooring/sources.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::daytona {

/// A link that needs no header: whoever has it, has the port, until it expires.
struct SignedPreview {
  Secret url = {};    ///< Holds the token.
  Secret token = {};  ///< For Native::expireSignedPreview().
  Timestamp expiresAt = {};
};

/// One of the organization's snapshots: what Options::snapshot can name while it is "active".
struct Snapshot {
  std::string id = {};
  std::string name = {};
  std::string state = {};  ///< Daytona's own word: "active", "building", "error" …
  std::string image = {};
  std::string errorReason = {};
};

/// How to authenticate to a git server. Sent with the one request that needs it; kept nowhere.
struct GitCredential {
  std::string username = {};
  Secret password = {};  ///< Or a token.
};

struct GitClone {
  std::string url = {};
  std::string path = {};    ///< Where to, in the sandbox.
  std::string branch = {};  ///< Empty: the remote's default.
  std::string commit = {};  ///< Checked out afterwards; the branch is then left.
  std::optional<int> depth = {};
  std::optional<GitCredential> credential = {};
};

struct GitFile {
  std::string name = {};
  std::string staging = {};  ///< Daytona's own words: "Added", "Modified", "Untracked" …
  std::string worktree = {};
};

struct GitStatus {
  std::string branch = {};
  std::int64_t ahead = 0;
  std::int64_t behind = 0;
  bool published = false;
  std::vector<GitFile> files = {};
};

struct GitCommit {
  std::string message = {};
  std::string author = {};
  std::string email = {};
  bool allowEmpty = false;
};

struct NativeParts;

/// A handle on one sandbox. Each call goes to Daytona as it is and does not wake the sandbox: a stopped one
/// answers git calls with notRunning.
/// Errors: gone, notRunning, unauthenticated, permissionDenied, unavailable; of git calls also notFound (a
///   path, branch or repository), conflict (it exists, or local changes are in the way), outcomeUnknown.
/// Threads: any; do not wait for a future on mooring's loop thread. Lifetime: keep the service for as long as
///   a future is waited for, else it says cancelled. Cost: one request each, if not said otherwise.
class Native {
 public:
  explicit Native(std::shared_ptr<const NativeParts> parts) : parts_(std::move(parts)) {}

  /// Daytona's id of the sandbox: what its dashboard and its own tools call it.
  [[nodiscard]] const std::string& id() const;

  /// All labels, mooring's own ("mooring") and Daytona's included.
  [[nodiscard]] std::future<Result<std::map<std::string, std::string>>> labels() const;
  /// Replaces all labels but mooring's and the language's, which stay. Cost: two requests.
  /// Errors: invalidArgument (one of those is named), and the usual.
  [[nodiscard]] std::future<Result<void>> setLabels(std::map<std::string, std::string> labels) const;

  /// A link to `port` that is good for `validFor`, 1 s to 24 h.
  [[nodiscard]] std::future<Result<SignedPreview>> signedPreview(int port,
                                                                 std::chrono::seconds validFor) const;
  /// Makes such a link useless now. Repeating it is harmless.
  [[nodiscard]] std::future<Result<void>> expireSignedPreview(int port, Secret token) const;

  /// Cost: one request for each hundred.
  [[nodiscard]] std::future<Result<std::vector<Snapshot>>> snapshots() const;

  [[nodiscard]] std::future<Result<void>> gitClone(GitClone clone) const;
  [[nodiscard]] std::future<Result<GitStatus>> gitStatus(std::string path) const;
  [[nodiscard]] std::future<Result<std::vector<std::string>>> gitBranches(std::string path) const;
  [[nodiscard]] std::future<Result<void>> gitCreateBranch(std::string path, std::string name) const;
  [[nodiscard]] std::future<Result<void>> gitCheckout(std::string path, std::string branch) const;
  /// `files` relative to the repository; "." for all.
  [[nodiscard]] std::future<Result<void>> gitAdd(std::string path, std::vector<std::string> files) const;
  /// The new commit's hash.
  [[nodiscard]] std::future<Result<std::string>> gitCommit(std::string path, GitCommit commit) const;
  [[nodiscard]] std::future<Result<void>> gitPush(
      std::string path, std::optional<GitCredential> credential = std::nullopt) const;
  [[nodiscard]] std::future<Result<void>> gitPull(
      std::string path, std::optional<GitCredential> credential = std::nullopt) const;

 private:
  std::shared_ptr<const NativeParts> parts_;
};

}  // namespace mooring::daytona
