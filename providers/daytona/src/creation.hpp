// Making a sandbox exactly once, whatever becomes of the replies.
#pragma once

#include <mooring/http/response.hpp>
#include <mooring/operation.hpp>

#include "account.hpp"
#include "wire.hpp"

#include <string>

namespace mooring::daytona {

/// What to do after POST /sandbox. Its name is unique in the organization, which makes it the key that every
/// doubt is settled by.
enum class CreateReply {
  made,        ///< The reply shows it.
  lookByName,  ///< It may exist: an outcome that is not known, or the name is taken.
  broken,      ///< It exists, and failed to start.
  refused,     ///< It does not exist; the reply says why.
};
CreateReply judgeCreate(const Result<http::Response>& reply);

struct Creation {
  std::string name = {};
  std::string ownerTag = {};
  std::string body = {};                 ///< Of POST /sandbox.
  std::chrono::milliseconds limit = {};  ///< Until it runs.
};

/// Makes it, or finds the one that an earlier attempt made, and waits until it runs. One that does not start
/// is deleted and made once more; nothing is left behind by a definite failure.
/// Errors: outcomeUnknown when it may exist and could not be looked at.
Task<SandboxView> createOnce(AccountPtr account, Creation creation, CallOptions call);

}  // namespace mooring::daytona
