#include "errors.hpp"

#include <cerrno>
#include <system_error>

namespace mooring::local {

std::unexpected<Error> refuse(Errc code, std::string message) {
  Error error = makeError(code, std::move(message));
  error.provider = "local";
  return std::unexpected(std::move(error));
}

std::unexpected<Error> systemFailure(int error, const std::string& what) {
  const Errc code = error == EACCES || error == EPERM || error == EROFS     ? Errc::permissionDenied
                    : error == ENOSPC || error == EDQUOT || error == EMFILE ? Errc::quotaExceeded
                    : error == ENFILE || error == ENOMEM || error == EAGAIN ? Errc::quotaExceeded
                                                                            : Errc::unavailable;
  return refuse(code, what + ": " + std::generic_category().message(error));
}

Errc fileErrc(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Errc::notFound;
    case EISDIR:
    case EEXIST:
    case ENOTEMPTY:
    case EBUSY:
      return Errc::conflict;
    case EACCES:
    case EPERM:
    case EROFS:
    case ETXTBSY:
      return Errc::permissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG:
      return Errc::quotaExceeded;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
    case EXDEV:
      return Errc::invalidArgument;
    case ENOSYS:
      return Errc::unsupported;
    default:
      return Errc::unavailable;
  }
}

std::unexpected<Error> fileFailure(int error, std::string_view verb, const std::string& path) {
  std::string message = "cannot ";
  message.append(verb).append(" ").append(path).append(" in the sandbox: ");
  if (error == ENOSYS) {
    message += "this kernel has no openat2(); Linux 5.6 is needed";
  } else {
    message += std::generic_category().message(error);
  }
  return refuse(fileErrc(error), std::move(message));
}

}  // namespace mooring::local
