#include "curl/classify.hpp"

#include <spdlog/fmt/fmt.h>

#include <memory>

namespace mooring::http::detail {

namespace {

Error unknownOutcome(const std::string& message) {
  return makeError(Errc::outcomeUnknown, message + "; the request was sent, so it may have been acted on");
}

/// An error of the caller's own making, which says nothing about the server but must not hide that it was
/// reached.
Error interrupted(Errc code, const std::string& message, const Ending& ending) {
  auto error = makeError(code, message);
  if (ending.sent && !ending.safe) error.cause = std::make_shared<const Error>(unknownOutcome(message));
  return error;
}

std::string describeLimit(const Ending& ending) {
  switch (ending.limit) {
    case Limit::connect:
      return fmt::format("no connection to {} within {}", ending.host, ending.limitText);
    case Limit::firstByte:
      return fmt::format("{} did not begin to answer within {}", ending.host, ending.limitText);
    case Limit::silence:
      return fmt::format("{} was silent for {}", ending.host, ending.limitText);
    case Limit::total:
      return fmt::format("the exchange with {} took longer than {}", ending.host, ending.limitText);
    case Limit::deadline:
      return fmt::format("the deadline passed during the exchange with {}", ending.host);
    case Limit::none:
      break;
  }
  return {};
}

/// Before a byte was sent there is a definite answer for what can never work.
Error notSent(const Ending& ending) {
  switch (ending.code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return makeError(Errc::invalidArgument, fmt::format("not an address to send to: {}", ending.detail));
    case CURLE_PEER_FAILED_VERIFICATION: {
      auto error = makeError(
          Errc::unavailable,
          fmt::format("the certificate of {} is not to be trusted: {}; nothing was sent. Is a "
                      "proxy in between, or SSL_CERT_FILE to be set?",
                      ending.host,
                      ending.detail));
      error.transience = Transience::permanent;
      return error;
    }
    case CURLE_SSL_CACERT_BADFILE: {
      auto error = makeError(Errc::notConfigured,
                             "the file of trusted certificates (CURL_CA_BUNDLE or SSL_CERT_FILE) "
                             "cannot be read: " +
                                 ending.detail);
      return error;
    }
    case CURLE_OPERATION_TIMEDOUT:
      return makeError(Errc::unavailable,
                       fmt::format("no connection to {} within {}: {}; nothing was sent",
                                   ending.host,
                                   ending.limitText,
                                   ending.detail));
    default:
      return makeError(Errc::unavailable,
                       fmt::format("{} cannot be reached: {}; nothing was sent", ending.host, ending.detail));
  }
}

}  // namespace

Error classify(const Ending& ending) {
  if (ending.cancelled)
    return interrupted(Errc::cancelled, "cancelled during the exchange with " + ending.host, ending);
  if (ending.limit == Limit::deadline)
    return interrupted(Errc::deadlineExceeded, describeLimit(ending), ending);
  if (ending.limit != Limit::none) {
    const auto message = describeLimit(ending);
    return ending.sent && !ending.safe ? unknownOutcome(message) : makeError(Errc::unavailable, message);
  }
  if (!ending.sent) return notSent(ending);
  const auto message = fmt::format(
      "the connection to {} ended before the whole reply was there: {}", ending.host, ending.detail);
  if (!ending.safe) return unknownOutcome(message);
  switch (ending.code) {
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      return makeError(Errc::corrupted,
                       fmt::format("{} sent a reply that is not HTTP: {}", ending.host, ending.detail));
    default:
      return makeError(Errc::unavailable, message);
  }
}

}  // namespace mooring::http::detail
