#pragma once

/// Vercel's emulator and somebody who speaks to it without any client of ours.

#include <mooring/http/url.hpp>
#include <mooring/vercel/emulator.hpp>

#include "transport_sending.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::test {

namespace json = boost::json;

/// A reply whose body was JSON, one value, or one a line.
struct Said {
  int status = 0;
  http::Headers headers = {};
  std::string text = {};

  [[nodiscard]] json::value body() const { return text.empty() ? json::value() : json::parse(text); }
  /// "session.status", as text; "(nothing)" when it is not there.
  [[nodiscard]] std::string at(std::string_view path) const {
    json::value value = body();
    while (true) {
      const auto dot = path.find('.');
      const auto* object = value.if_object();
      const auto* member = object == nullptr ? nullptr : object->if_contains(path.substr(0, dot));
      if (member == nullptr) return "(nothing)";
      json::value next = *member;
      value = std::move(next);
      if (dot == std::string_view::npos) break;
      path.remove_prefix(dot + 1);
    }
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  }
  [[nodiscard]] std::vector<json::value> lines() const {
    std::vector<json::value> all;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      all.push_back(json::parse(rest.substr(0, end)));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return all;
  }
  /// The log lines of one stream, joined.
  [[nodiscard]] std::string logged(std::string_view stream) const {
    std::string all;
    for (const auto& line : lines()) {
      const auto& object = line.as_object();
      if (object.contains("stream") && object.at("stream").as_string() == stream)
        all += object.at("data").as_string();
    }
    return all;
  }
};

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
