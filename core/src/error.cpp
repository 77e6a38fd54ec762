#include <mooring/error.hpp>

#include <spdlog/fmt/fmt.h>

namespace mooring {

Transience usualTransience(Errc code) {
  switch (code) {
    case Errc::notRunning:
    case Errc::conflict:
    case Errc::quotaExceeded:
    case Errc::rateLimited:
    case Errc::unavailable:
    case Errc::deadlineExceeded:
      return Transience::temporary;
    case Errc::invalidArgument:
    case Errc::notConfigured:
    case Errc::unauthenticated:
    case Errc::permissionDenied:
    case Errc::notFound:
    case Errc::gone:
    case Errc::unsupported:
    case Errc::cancelled:
    case Errc::setupFailed:
    case Errc::outcomeUnknown:
    case Errc::corrupted:
    case Errc::storeFailed:
    case Errc::internal:
      return Transience::permanent;
  }
  return Transience::permanent;
}

Error makeError(Errc code, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.transience = usualTransience(code);
  return error;
}

std::unexpected<Error> failure(Errc code, std::string message) {
  return std::unexpected(makeError(code, std::move(message)));
}

Error withContext(Error error, const std::string& context) {
  Error outer = error;
  outer.message = context + ": " + error.message;
  outer.cause = std::make_shared<const Error>(std::move(error));
  return outer;
}

std::string describe(const Error& error) {
  std::string out = fmt::format("{}: {}", toString(error.code), error.message);
  std::string facts;
  const auto add = [&facts](std::string_view key, const std::string& value) {
    if (!value.empty()) facts += fmt::format("{}{}={}", facts.empty() ? "" : " ", key, value);
  };
  add("provider", error.provider);
  add("operation", error.operation);
  if (error.httpStatus != 0) add("status", std::to_string(error.httpStatus));
  add("requestId", error.requestId);
  if (error.retryAfter) add("retryAfterMs", std::to_string(error.retryAfter->count()));
  if (error.transience == Transience::exhausted) add("transience", "exhausted");
  if (!facts.empty()) out += " (" + facts + ")";
  // withContext repeats its cause's message; only a cause that says something else is worth the space.
  if (error.cause && !error.message.ends_with(error.cause->message))
    out += "; because " + describe(*error.cause);
  return out;
}

}  // namespace mooring
