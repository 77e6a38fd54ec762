#include "exit_codes.hpp"

namespace mooring::cli {

int exitCodeOf(Errc code) {
  switch (code) {
    case Errc::invalidArgument:
      return exit_code::usage;
    case Errc::notFound:
      return exit_code::notFound;
    case Errc::gone:
      return exit_code::gone;
    case Errc::notRunning:
    case Errc::quotaExceeded:
    case Errc::rateLimited:
    case Errc::unavailable:
      return exit_code::unreachable;
    case Errc::unsupported:
      return exit_code::unsupported;
    case Errc::conflict:
      return exit_code::conflict;
    case Errc::notConfigured:
    case Errc::unauthenticated:
    case Errc::permissionDenied:
      return exit_code::notConfigured;
    case Errc::deadlineExceeded:
      return exit_code::timedOut;
    case Errc::cancelled:
    case Errc::setupFailed:
    case Errc::outcomeUnknown:
    case Errc::corrupted:
    case Errc::storeFailed:
    case Errc::internal:
      return exit_code::failed;
  }
  return exit_code::failed;
}

int exitCodeBesideCommand(Errc code) {
  return code == Errc::deadlineExceeded ? exit_code::timedOut : exit_code::mooringFailed;
}

std::string_view exitCodesHelp() {
  return R"(Exit codes:
  0    done
  1    failed (setup, database, unknown outcome, ...); doctor and recover: something is left to do
  2    the command line or the configuration is wrong
  3    no such sandbox, command, file, checkpoint or volume
  4    gone: what stood behind the id no longer exists
  5    out of reach for now (network, provider, quota, rate limit, asleep): try again
  6    this provider cannot do it
  7    somebody else holds or has changed it
  8    a setting or credential is missing or refused
  124  a time limit passed
  129+ interrupted by signal code-128 (130: Ctrl-C; 141: the reader of our output has left)
run, attach and wait end with the command's own code; theirs are 124, 125 (anything above) and 128+.)";
}

}  // namespace mooring::cli
