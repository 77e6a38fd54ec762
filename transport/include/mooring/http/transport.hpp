/// The one interface of everything that can carry a request: the engine, and each policy around it.
#pragma once

#include <mooring/http/request.hpp>
#include <mooring/http/response.hpp>
#include <mooring/operation.hpp>

#include <memory>

namespace mooring::http {

/// Threads: the loop's. Lifetime: outlives the tasks that send() returned, and not the loop.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Sends `request` and waits for the whole reply. A reply of any status is a value.
  /// Errors: invalidArgument; unavailable (provably nothing was sent; or the request is safe, so that it does
  /// not
  ///   matter); outcomeUnknown (sent without a full reply, and unsafe); deadlineExceeded; cancelled;
  ///   rateLimited (a wait would have outlasted the deadline); corrupted (a reply beyond the limits); what
  ///   the body's source or the reply's sink failed with. deadlineExceeded and cancelled have outcomeUnknown
  ///   as their cause where it applies.
  /// Cancelling closes the connection or the stream; what the server has got by then, it has got.
  virtual Task<Response> send(Request request) = 0;
};

/// Whether the server may have acted on what failed so: `error` or a cause of it is outcomeUnknown.
bool mayHaveHappened(const Error& error);

}  // namespace mooring::http
