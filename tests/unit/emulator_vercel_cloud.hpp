#pragma once

/// Vercel's emulator and somebody who speaks to it without any client of ours.

#include <mooring/http/url.hpp>
#include <mooring/vercel/emulator.hpp>

#include "emulator_said.hpp"
#include "transport_sending.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mooring::test {

class Cloud {
 public:
  using Settings = std::map<std::string, std::string>;

  explicit Cloud(Settings settings = Settings(),
                 std::vector<emulation::Fault> faults = std::vector<emulation::Fault>()) {
    emulation::HostOptions options;
    options.settings = std::move(settings);
    options.faults = std::move(faults);
    auto started = emulation::Host::start(
        [this](const emulation::Stage& stage) -> Result<std::unique_ptr<emulation::Emulator>> {
          auto made = vercel::Emulator::make(stage);
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
    const auto mark = path.find('?') == std::string::npos ? "?" : "&";
    http::Request request;
    request.method = method;
    request.target = host->url() + prefix + path + mark + "teamId=team_a";
    request.headers = std::move(headers);
    if (!request.headers.contains("Authorization")) request.headers.add("Authorization", "Bearer secret");
    if (!body.empty()) {
      if (!request.headers.contains("Content-Type")) request.headers.add("Content-Type", "application/json");
      request.body = http::Body(body);
    }
    auto response = send(http_, std::move(request));
    REQUIRE(ok(response));
    return Said{response->status, response->headers, response->body};
  }
  Said get(const std::string& path) { return ask(http::Method::get, path); }
  Said post(const std::string& path, const std::string& body = std::string()) {
    return ask(http::Method::post, path, body);
  }
  Said patch(const std::string& path, const std::string& body) {
    return ask(http::Method::patch, path, body);
  }
  Said remove(const std::string& path) { return ask(http::Method::del, path); }

  /// `more`: further members of the body, such as R"("tags":{"a":"b"})". Gives the session's id.
  std::string make(const std::string& name, const std::string& more = std::string()) {
    const auto body = R"({"projectId":"prj_a","name":")" + name + "\"" + (more.empty() ? "" : "," + more) +
                      "}";
    const auto said = post("/v3/sandboxes", body);
    INFO(said.text);
    REQUIRE(said.status == 200);
    return said.at("session.id");
  }
  Said named(const std::string& name, const std::string& query = std::string()) {
    return get("/v2/sandboxes/" + name + "?projectId=prj_a" + query);
  }
  static std::string session(const std::string& id, const std::string& rest = std::string()) {
    return "/v2/sandboxes/sessions/" + id + rest;
  }
  /// A waited command with its log lines.
  Said shell(const std::string& sessionId,
             const std::string& script,
             const std::string& more = std::string()) {
    json::object body;
    body["command"] = "sh";
    body["args"] = json::array{"-c", script};
    body["wait"] = true;
    body["logs"] = true;
    auto text = json::serialize(body);
    if (!more.empty()) text.insert(text.size() - 1, "," + more);
    return post(session(sessionId, "/cmd"), text);
  }

  std::unique_ptr<emulation::Host> host;
  vercel::Emulator* emulator = nullptr;  ///< The host's.
  std::string prefix = "/api";

 private:
  std::shared_ptr<http::Transport> http_ = engineWith();
};

}  // namespace mooring::test
