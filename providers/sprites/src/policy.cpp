#include "policy.hpp"

#include "control.hpp"

namespace mooring::sprites {

Task<void> setNetworkPolicy(AccountPtr account,
                            std::string name,
                            boost::json::object policy,
                            CallOptions call) {
  auto request = jsonRequest(http::Method::post, spritePath(name, "/policy/network"), policy, call);
  request.idempotency = http::Idempotency::safe;  // It says what is to be, not what is to change.
  auto response = co_await callForSuccess(account, std::move(request), "set the network policy of " + name);
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return Result<void>();
}

}  // namespace mooring::sprites
