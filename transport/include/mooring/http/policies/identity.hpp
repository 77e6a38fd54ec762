/// Who is asking, and under which name: user agent, base address, request id.
#pragma once

#include <mooring/http/transport.hpp>
#include <mooring/http/url.hpp>
#include <mooring/sources.hpp>

#include <memory>
#include <string>
#include <vector>

namespace mooring::http {

struct IdentityOptions {
  std::string baseUrl = {};  ///< Targets that begin with '/' are appended to it; its own path stays in front.
  std::string userAgent = {};  ///< Empty: none is sent.
  Headers headers = {};        ///< Sent with every request that does not set them itself. Nothing secret.
  std::string requestIdHeader = {};  ///< Carries our id, such as "X-Request-Id"; empty: none is sent.
  /// Where servers put theirs; the first that is there becomes Response::requestId and Error::requestId.
  std::vector<std::string> replyIdHeaders = {"X-Request-Id", "X-Vercel-Id", "Fly-Request-Id", "Cf-Ray"};
};

/// Errors: invalidArgument when the base address is none.
Result<std::shared_ptr<Transport>> withIdentity(std::shared_ptr<Transport> next,
                                                std::shared_ptr<IdSource> ids,
                                                IdentityOptions options);

}  // namespace mooring::http
