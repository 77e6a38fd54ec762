#pragma once

/// Sprites' emulator and somebody who speaks to it without any client of ours.

#include <mooring/http/url.hpp>
#include <mooring/http/websocket.hpp>
#include <mooring/sprites/emulator.hpp>

#include "emulator_said.hpp"
#include "support/sources.hpp"
#include "transport_sending.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mooring::test {

/// A WebSocket, one message at a time. An end is a message that is not there.
class Wire {
 public:
  explicit Wire(http::Upgrade upgrade) : upgrade_(std::move(upgrade)) {}
  ~Wire() { drop(); }
  Wire(Wire&&) = default;
  Wire& operator=(Wire&&) = delete;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] int status() const { return upgrade_.response.status; }
  [[nodiscard]] const http::Response& answer() const { return upgrade_.response; }
  [[nodiscard]] bool open() const { return upgrade_.socket != nullptr; }

  std::optional<http::Message> next() {
    auto read = run(reading(upgrade_.socket));
    broken_ = !read;
    return read ? *read : std::nullopt;
  }
  /// Whether it ended without a good-bye.
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] std::uint16_t closedWith() const { return upgrade_.socket->closing().code; }

  void send(std::string bytes) {
    const http::Message message{std::move(bytes), false};
    REQUIRE(ok(run(writing(upgrade_.socket, message))));
  }
  void say(const json::object& content) {
    REQUIRE(ok(run(writing(upgrade_.socket, http::Message{json::serialize(content), true}))));
  }
  void type(std::string_view text) { send(std::string(1, '\0') + std::string(text)); }
  void endInput() { send("\x04"); }
  /// Without a good-bye.
  void drop() {
    if (upgrade_.socket) static_cast<void>(run(dropping(std::exchange(upgrade_, http::Upgrade()))));
  }

 private:
  static Task<std::optional<http::Message>> reading(std::shared_ptr<http::WebSocket> socket) {
    co_return co_await socket->read();
  }
  static Task<void> writing(std::shared_ptr<http::WebSocket> socket, http::Message message) {
    co_return co_await socket->write(std::move(message));
  }
  static Task<void> dropping(http::Upgrade upgrade) {
    upgrade.socket.reset();
    co_return Result<void>();
  }

  http::Upgrade upgrade_;
  bool broken_ = false;
};

/// What came over the socket of one command.
struct Ran {
  std::string out = {};
  std::string err = {};
  std::optional<int> exitFrame = {};
  std::optional<int> exitText = {};
  std::vector<std::string> order = {};  ///< Types of text messages, and "1", "2", "3" for frames; repeats
                                        ///< once.
  std::vector<std::string> debug = {};
  json::object info = {};
  std::string error = {};

  void take(const http::Message& message) {
    std::string kind;
    if (message.text) {
      const auto event = json::parse(message.data).as_object();
      kind = std::string(event.at("type").as_string());
      if (kind == "session_info") info = event;
      if (kind == "exit") exitText = static_cast<int>(event.at("exit_code").as_int64());
      if (kind == "debug") debug.emplace_back(event.at("msg").as_string());
      if (kind == "error") error = std::string(event.at("error").as_string());
    } else {
      kind = std::to_string(static_cast<int>(message.data.at(0)));
      if (kind == "1") out += message.data.substr(1);
      if (kind == "2") err += message.data.substr(1);
      if (kind == "3") exitFrame = static_cast<unsigned char>(message.data.at(1));
    }
    if (order.empty() || order.back() != kind) order.push_back(kind);
  }
  [[nodiscard]] std::string session() const { return std::string(info.at("session_id").as_string()); }
};

class Cloud {
 public:
  using Settings = std::map<std::string, std::string>;
  static constexpr const char* token = "acme/org/1/secret";

  explicit Cloud(Settings settings = Settings()) {
    emulation::HostOptions options;
    options.settings = std::move(settings);
    options.clock = clock;
    auto started = emulation::Host::start(
        [this](const emulation::Stage& stage) -> Result<std::unique_ptr<emulation::Emulator>> {
          auto made = sprites::Emulator::make(stage);
          if (!made) return std::unexpected(std::move(made).error());
          emulator = made->get();
          return std::move(*made);
        },
        std::move(options));
    REQUIRE(ok(started));
    host = std::move(*started);
  }

  Said ask(http::Method method,
           const std::string& path,
           const std::string& body = std::string(),
           http::Headers headers = http::Headers()) {
    http::Request request;
    request.method = method;
    request.target = path.starts_with("http") ? path : host->url() + path;
    request.headers = std::move(headers);
    if (!request.headers.contains("Authorization"))
      request.headers.add("Authorization", std::string("Bearer ") + token);
    if (!body.empty()) {
      if (!request.headers.contains("Content-Type")) request.headers.add("Content-Type", "application/json");
      request.body = http::Body(body);
    }
    auto response = mooring::test::send(http_, std::move(request));
    REQUIRE(ok(response));
    return Said{response->status, response->headers, response->body};
  }
  Said get(const std::string& path) { return ask(http::Method::get, path); }
  Said post(const std::string& path, const std::string& body = std::string()) {
    return ask(http::Method::post, path, body);
  }
  Said put(const std::string& path, const std::string& body) { return ask(http::Method::put, path, body); }
  Said remove(const std::string& path) { return ask(http::Method::del, path); }

  static std::string sprite(const std::string& name, const std::string& rest = std::string()) {
    return "/v1/sprites/" + name + rest;
  }
  void make(const std::string& name) {
    const auto said = post("/v1/sprites", R"({"name":")" + name + "\"}");
    INFO(said.text);
    REQUIRE(said.status == 201);
  }
  std::string statusOf(const std::string& name) { return get(sprite(name)).at("status"); }

  Wire dial(const std::string& path,
            const std::string& bearer = token,
            std::chrono::milliseconds silence = std::chrono::milliseconds(0)) {
    http::WebSocketRequest request;
    request.url = host->url() + path;
    request.token = Secret(bearer);
    request.silence = silence;
    auto opened = run(dialing(sockets_, std::move(request)));
    REQUIRE(ok(opened));
    return Wire(std::move(*opened));
  }
  /// The address of a shell command. `more`: further parameters, each with its "&".
  static std::string shell(const std::string& name, const std::string& script, const std::string& more = "") {
    return sprite(name, "/exec?cmd=sh&cmd=-c&cmd=" + http::escape(script) + "&path=sh" + more);
  }
  /// Up to the exit frame, or the end.
  static Ran watch(Wire& wire) {
    Ran ran;
    while (!ran.exitFrame) {
      const auto message = wire.next();
      if (!message) break;
      ran.take(*message);
    }
    return ran;
  }
  Ran shellRun(const std::string& name, const std::string& script, const std::string& more = "") {
    auto wire = dial(shell(name, script, more));
    REQUIRE(wire.open());
    return watch(wire);
  }

  void fault(emulation::FaultAction action, const std::string& route, const std::string& word) {
    emulation::Fault rule;
    rule.action = action;
    rule.route = route;
    rule.state = rule.manner = word;
    REQUIRE(ok(host->faults().add(rule)));
  }
  void misbehave(const std::string& route, const std::string& manner) {
    fault(emulation::FaultAction::misbehave, route, manner);
  }
  void puts(const std::string& name, const std::string& state) {
    REQUIRE(ok(host->runOnLoop([this, name, state] { return emulator->put(name, state); })));
  }
  /// A client that has gone is noticed some time after.
  void untilUnused() {
    bool used = true;
    while (used) {
      host->onLoop([&] {
        used = false;
        for (const auto& known : emulator->sprites())
          used = used || known.inUse;
      });
    }
  }
  void passes(std::chrono::milliseconds time) {
    untilUnused();
    clock->advance(time);
    REQUIRE(ok(host->runOnLoop([this] { return emulator->settle(); })));
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::unique_ptr<emulation::Host> host;
  sprites::Emulator* emulator = nullptr;  ///< The host's.

 private:
  static Task<http::Upgrade> dialing(std::shared_ptr<http::WebSockets> sockets,
                                     http::WebSocketRequest request) {
    co_return co_await sockets->open(std::move(request));
  }

  std::shared_ptr<http::Transport> http_ = engineWith();
  std::shared_ptr<http::WebSockets> sockets_ = http::makeWebSockets();
};

}  // namespace mooring::test
