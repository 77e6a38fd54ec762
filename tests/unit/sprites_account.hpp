#pragma once

/// An account over a scripted wire, with a clock, ids and a pause that a test owns.

#include "account.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/scripted_sockets.hpp"
#include "transport_policies.hpp"

#include <map>
#include <string>
#include <vector>

namespace mooring::test::sprites {

inline constexpr const char* token = "acme/1/2/very-secret";
inline constexpr const char* mark = "mooring-00000000-0000-7000-8000-000000000001";

using Variables = std::map<std::string, std::string, std::less<>>;
using Sent = std::vector<std::string>;

struct Wire : scripted::Parts {
  explicit Wire(Variables more = Variables()) {
    more.emplace("SPRITES_API_TOKEN", token);
    more.emplace("SPRITES_API_BASE_URL", "https://api.test");
    auto context = contextOn(engine(), Settings(std::move(more)));
    context.clock = clock;
    context.random = random;
    context.ids = std::make_shared<FakeIds>();
    mooring::sprites::AccountParts parts;
    parts.transport = wire;
    parts.sockets = sockets;
    parts.pause = pause;
    auto made = mooring::sprites::makeAccount(context, parts);
    REQUIRE(ok(made));
    account = std::move(*made);
  }

  /// "POST /v1/sprites", without host.
  [[nodiscard]] Sent sent() const {
    Sent out;
    for (std::size_t i = 0; i < wire->count(); ++i) {
      auto target = wire->sent(i).target;
      const std::string host = "https://api.test";
      if (target.starts_with(host)) target.erase(0, host.size());
      out.push_back(std::string(toString(wire->sent(i).method)) + " " + target);
    }
    return out;
  }
  [[nodiscard]] std::string body(std::size_t index) const {
    const auto* text = wire->sent(index).body.text();
    return text != nullptr ? *text : std::string();
  }
  /// What a request gets that was sent and never answered.
  void loseReply() { wire->fail(makeError(Errc::outcomeUnknown, "the connection ended")); }

  /// A socket that runs what passes its gate as `run` says.
  std::shared_ptr<ScriptedSocket> acceptGate(
      std::function<void(ScriptedSocket&, const std::string& mark)> run) {
    auto header = std::make_shared<std::string>();
    auto socket = std::make_shared<ScriptedSocket>(
        [header, run = std::move(run)](ScriptedSocket& self, const http::Message& message) {
          if (message.data.starts_with('\0')) *header += message.data.substr(1);
          if (message.data != std::string("\0go\n", 4)) return;
          run(self, header->substr(0, header->find('\n')));
        });
    socket->say(R"({"type":"debug","msg":"session_created"})");
    socket->say(R"({"type":"session_info","session_id":"1847","is_owner":true,"tty":false})");
    sockets->accept(socket);
    return socket;
  }
  /// The same, for a command that prints and ends.
  std::shared_ptr<ScriptedSocket> acceptRun(std::string out, int exitCode, std::string err = std::string()) {
    return acceptGate([out = std::move(out), err = std::move(err), exitCode](ScriptedSocket& socket,
                                                                             const std::string& gateMark) {
      socket.sayBytes("\1" + gateMark + " started\n");
      if (!out.empty()) socket.sayBytes("\1" + out);
      if (!err.empty()) socket.sayBytes("\2" + err);
      socket.say(R"({"type":"exit","exit_code":0})");
      socket.sayBytes("\2" + gateMark + "\n");
      socket.sayBytes("\1" + gateMark + " ended " + std::to_string(exitCode) + "\n");
      socket.sayBytes(std::string("\3") + static_cast<char>(exitCode));
    });
  }

  std::shared_ptr<ScriptedSockets> sockets = std::make_shared<ScriptedSockets>();
  mooring::sprites::AccountPtr account;
};

/// As Sprites describes one.
inline std::string spriteJson(const std::string& labels = R"("mooring=owner")",
                              const std::string& status = "cold",
                              const std::string& name = "key-1") {
  return R"({"id":"sprite-1","name":")" + name + R"(","organization":"acme","status":")" + status +
         R"(","url":"https://key-1-x.sprites.app","url_settings":{"auth":"sprite"},"labels":[)" + labels +
         R"(],"created_at":"2026-01-31T12:00:00Z","updated_at":"2026-01-31T12:00:00Z"})";
}

/// As a record keeps it.
inline Instance instance() {
  Instance out;
  out.id = ExternalSandboxId("key-1");
  out.provisionKey = "key-1";
  out.url = "https://key-1-x.sprites.app";
  out.connection = {{"public", false}};
  return out;
}

}  // namespace mooring::test::sprites
