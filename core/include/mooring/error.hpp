/// What can go wrong, as a value. Nothing public in mooring throws.
#pragma once

#include <mooring/detail/enum_text.hpp>

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace mooring {

struct CommandResult;

/// What the caller can act on. Ours, never a provider's: the provider's own code is in the message or the
/// cause.
enum class Errc {
  invalidArgument,   ///< The request can never work as written. Nothing was sent.
  notConfigured,     ///< A setting or credential is missing; the message names it.
  unauthenticated,   ///< The provider does not accept the credential.
  permissionDenied,  ///< The credential is good but may not do this.
  notFound,          ///< No such record, file, command, checkpoint or volume.
  gone,              ///< What stood behind the sandboxId provably no longer exists.
  notRunning,        ///< It exists but is stopped or asleep; nothing was run. connect() wakes it.
  conflict,          ///< Somebody else changed or holds it; read again and decide.
  unsupported,       ///< This provider cannot do it; refused before any request.
  quotaExceeded,     ///< An account limit; frees up when other sandboxes end.
  rateLimited,       ///< Too many requests; see Error::retryAfter.
  unavailable,       ///< Network, 5xx, provider down. Nothing is known to have happened.
  deadlineExceeded,  ///< The call's own deadline passed.
  cancelled,         ///< The caller's stop token fired.
  setupFailed,  ///< A step of SandboxConfig::setup did not succeed; the message names it and what it printed.
  outcomeUnknown,  ///< It may have happened. mooring does not repeat it unless the call said `idempotent`.
  corrupted,       ///< A reply or a stored value that cannot be read. Never replaced by a default.
  storeFailed,     ///< The record database refused or failed.
  internal,        ///< A defect in mooring.
};

template <>
struct detail::EnumText<Errc> {
  static constexpr std::array entries{
      std::pair{Errc::invalidArgument, std::string_view("invalidArgument")},
      std::pair{Errc::notConfigured, std::string_view("notConfigured")},
      std::pair{Errc::unauthenticated, std::string_view("unauthenticated")},
      std::pair{Errc::permissionDenied, std::string_view("permissionDenied")},
      std::pair{Errc::notFound, std::string_view("notFound")},
      std::pair{Errc::gone, std::string_view("gone")},
      std::pair{Errc::notRunning, std::string_view("notRunning")},
      std::pair{Errc::conflict, std::string_view("conflict")},
      std::pair{Errc::unsupported, std::string_view("unsupported")},
      std::pair{Errc::quotaExceeded, std::string_view("quotaExceeded")},
      std::pair{Errc::rateLimited, std::string_view("rateLimited")},
      std::pair{Errc::unavailable, std::string_view("unavailable")},
      std::pair{Errc::deadlineExceeded, std::string_view("deadlineExceeded")},
      std::pair{Errc::cancelled, std::string_view("cancelled")},
      std::pair{Errc::setupFailed, std::string_view("setupFailed")},
      std::pair{Errc::outcomeUnknown, std::string_view("outcomeUnknown")},
      std::pair{Errc::corrupted, std::string_view("corrupted")},
      std::pair{Errc::storeFailed, std::string_view("storeFailed")},
      std::pair{Errc::internal, std::string_view("internal")},
  };
};

/// Whether trying again can help.
enum class Transience {
  permanent,  ///< The same request fails again.
  temporary,  ///< It may work later; mooring has not retried it.
  exhausted,  ///< It may work later; mooring's own retries were used up.
};

template <>
struct detail::EnumText<Transience> {
  static constexpr std::array entries{
      std::pair{Transience::permanent, std::string_view("permanent")},
      std::pair{Transience::temporary, std::string_view("temporary")},
      std::pair{Transience::exhausted, std::string_view("exhausted")},
  };
};

/// The transience that `code` has when nothing more is known.
Transience usualTransience(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string message = {};    ///< One line: what was wrong, which thing, what to do. Holds no secret.
  std::string provider = {};   ///< Empty when no provider was involved.
  std::string operation = {};  ///< "create", "run", …: the public call in which it happened.
  int httpStatus = 0;          ///< 0 when there was no HTTP reply.
  Transience transience = Transience::permanent;
  std::optional<std::chrono::milliseconds> retryAfter = {};  ///< The server's wish, when it stated one.
  std::string requestId = {};               ///< For the provider's support, when it sent one.
  std::shared_ptr<const Error> cause = {};  ///< The error underneath, if there is one.
  /// On a failed run(): what the command had printed until then.
  std::shared_ptr<const CommandResult> partial = {};

  [[nodiscard]] bool retryable() const { return transience != Transience::permanent; }
};

template <class T>
using Result = std::expected<T, Error>;

/// An Error with the usual transience of its code.
Error makeError(Errc code, std::string message);

/// `makeError`, ready to be returned from a function that returns a Result.
std::unexpected<Error> failure(Errc code, std::string message);

/// `error` wrapped: a new message in front, the old error as its cause; code, transience and hints are kept.
Error withContext(Error error, const std::string& context);

/// One line for logs and terminals: "code: message (provider=… operation=… status=…)", causes included.
std::string describe(const Error& error);

}  // namespace mooring
