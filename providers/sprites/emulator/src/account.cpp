#include "account.hpp"

namespace mooring::sprites::emulated {

namespace {

std::unexpected<Error> stranger() { return emulation::refused(401, "authentication failed"); }

}  // namespace

Result<std::string> organizationOf(const emulation::Request& request, const Knobs& knobs) {
  const auto token = request.bearer();
  if (!token || token->empty()) return stranger();
  if (!knobs.token.empty() && *token != knobs.token) return stranger();
  const auto slash = token->find('/');
  if (slash == std::string::npos || slash == 0) return knobs.organization;
  return token->substr(0, slash);
}

Result<void> checkMacaroon(const emulation::Request& request) {
  const auto given = request.headers.get("Authorization").value_or("");
  constexpr std::string_view scheme = "FlyV1 ";
  if (!given.starts_with(scheme) || given.size() == scheme.size()) return stranger();
  return {};
}

std::string tokenFor(const std::string& organization, const std::string& id) {
  const auto digest = emulation::digestOf(organization + id);
  return organization + "/" + digest.substr(0, 8) + "/" + digest.substr(8, 8) + "/" + digest.substr(16, 32);
}

}  // namespace mooring::sprites::emulated
