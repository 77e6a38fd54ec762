#pragma once

/// An account over a scripted wire, with a clock and a pause that a test owns.

#include "account.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "transport_policies.hpp"

#include <map>
#include <string>

namespace mooring::test::daytona {

inline constexpr const char* key = "dtn_very-secret";

struct Wire : scripted::Parts {
  explicit Wire(std::map<std::string, std::string, std::less<>> more =
                    std::map<std::string, std::string, std::less<>>()) {
    more.emplace("DAYTONA_API_KEY", key);
    more.emplace("DAYTONA_API_URL", "https://api.test/api");
    auto context = contextOn(engine(), Settings(std::move(more)));
    context.clock = clock;
    context.random = random;
    auto made = mooring::daytona::makeAccount(context, parts());
    REQUIRE(ok(made));
    account = std::move(*made);
  }

  [[nodiscard]] mooring::daytona::AccountParts parts() const {
    mooring::daytona::AccountParts out;
    out.transport = wire;
    out.pause = pause;
    return out;
  }

  /// "POST /api/sandbox", without the host of the control plane.
  [[nodiscard]] std::string sent(std::size_t index) const {
    const auto& request = wire->sent(index);
    auto target = request.target;
    const std::string host = "https://api.test/api";
    if (target.starts_with(host)) target.erase(0, host.size());
    return std::string(toString(request.method)) + " " + target;
  }
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> out;
    out.reserve(wire->count());
    for (std::size_t i = 0; i < wire->count(); ++i)
      out.push_back(sent(i));
    return out;
  }

  /// What a request gets that was sent and never answered.
  void loseReply() { wire->fail(makeError(Errc::outcomeUnknown, "the connection ended")); }

  mooring::daytona::AccountPtr account;
};

/// A sandbox as the control plane shows it.
inline std::string sandboxJson(const std::string& state, const std::string& more = std::string()) {
  return R"({"id":"id-1","name":"key-1","state":")" + state +
         R"(","labels":{"mooring":"owner"},"createdAt":"2026-01-31T11:00:00.000Z",)" +
         R"("toolboxProxyUrl":"https://proxy.test/toolbox")" + more + "}";
}

inline std::string complaint(int status, const std::string& message) {
  return R"({"statusCode":)" + std::to_string(status) + R"(,"message":")" + message + R"("})";
}

/// As a record keeps it.
inline Instance instance() {
  Instance out;
  out.id = ExternalSandboxId("id-1");
  out.provisionKey = "key-1";
  out.connection["toolboxUrl"] = "https://proxy.test/toolbox";
  return out;
}

}  // namespace mooring::test::daytona
