#pragma once

/// An account over a scripted wire, with a clock, ids and a pause that a test owns.

#include "account.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "transport_policies.hpp"

#include <map>
#include <string>
#include <vector>

namespace mooring::test::vercel {

inline constexpr const char* token = "vcp_very-secret";
inline constexpr const char* nonce = "00000000-0000-7000-8000-000000000001";

using Variables = std::map<std::string, std::string, std::less<>>;

struct Wire : scripted::Parts {
  explicit Wire(Variables more = Variables()) {
    more.emplace("SANDBOX_VERCEL_TOKEN", token);
    more.emplace("SANDBOX_VERCEL_TEAM_ID", "team_1");
    more.emplace("SANDBOX_VERCEL_PROJECT_ID", "prj_1");
    more.emplace("SANDBOX_VERCEL_API_URL", "https://api.test/api");
    auto context = contextOn(engine(), Settings(std::move(more)));
    context.clock = clock;
    context.random = random;
    context.ids = std::make_shared<FakeIds>();
    mooring::vercel::AccountParts parts;
    parts.transport = wire;
    parts.pause = pause;
    auto made = mooring::vercel::makeAccount(context, parts);
    REQUIRE(ok(made));
    account = std::move(*made);
  }

  /// "POST /v3/sandboxes", without host and team.
  [[nodiscard]] std::string sent(std::size_t index) const {
    const auto& request = wire->sent(index);
    auto target = request.target;
    const std::string host = "https://api.test/api";
    if (target.starts_with(host)) target.erase(0, host.size());
    for (const std::string team : {"?teamId=team_1", "&teamId=team_1"}) {
      if (target.ends_with(team)) target.erase(target.size() - team.size());
    }
    return std::string(toString(request.method)) + " " + target;
  }
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> out;
    out.reserve(wire->count());
    for (std::size_t i = 0; i < wire->count(); ++i)
      out.push_back(sent(i));
    return out;
  }
  [[nodiscard]] std::string body(std::size_t index) const {
    const auto* text = wire->sent(index).body.text();
    return text != nullptr ? *text : std::string();
  }

  /// What a request gets that was sent and never answered.
  void loseReply() { wire->fail(makeError(Errc::outcomeUnknown, "the connection ended")); }
  void refuse(int status, const std::string& code, const std::string& message = std::string("no")) {
    wire->reply(status, R"({"error":{"code":")" + code + R"(","message":")" + message + R"("}})");
  }

  mooring::vercel::AccountPtr account;
};

struct SandboxShape {
  std::string status = "running";
  std::string session = "sbx_1";
  bool persistent = false;
  bool resumed = false;
  std::string snapshot = {};
  bool snapshotted = false;
  std::string owner = "owner";
};

inline std::string sandboxJson(const SandboxShape& shape) {
  return R"({"name":"key-1","status":")" + shape.status + R"(","persistent":)" +
         (shape.persistent ? "true" : "false") + R"(,"currentSessionId":")" + shape.session + R"(",)" +
         (shape.snapshot.empty() ? "" : R"("currentSnapshotId":")" + shape.snapshot + R"(",)") +
         R"("tags":{"mooring":")" + shape.owner + R"("},"createdAt":1,"updatedAt":1})";
}

/// The answer to making or getting a sandbox.
inline std::string replyJson(const SandboxShape& shape = SandboxShape()) {
  return R"({"sandbox":)" + sandboxJson(shape) + R"(,"session":{"id":")" + shape.session + R"(","status":")" +
         shape.status + R"(","timeout":300000,"startedAt":1769860800000)" +
         (shape.snapshotted ? R"(,"snapshottedAt":1769860900000)" : "") +
         R"(},"routes":[{"url":"https://sb-1.vercel.run","subdomain":"sb-1","port":3000}],"resumed":)" +
         (shape.resumed ? "true" : "false") + "}";
}

/// As a record keeps it.
inline Instance instance(bool persistent = false) {
  Instance out;
  out.id = ExternalSandboxId("key-1");
  out.provisionKey = "key-1";
  out.connection = {{"project", "prj_1"},
                    {"session", "sbx_1"},
                    {"persistent", persistent},
                    {"routes", boost::json::object{{"3000", "https://sb-1.vercel.run"}}}};
  return out;
}

}  // namespace mooring::test::vercel
