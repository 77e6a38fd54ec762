#pragma once

/// The Daytona emulator and a key to it, for tests.

#include <mooring/daytona/emulator.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"
#include "transport_sending.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <memory>
#include <string>

namespace mooring::test {

namespace json = boost::json;

struct Said {
  int status = 0;
  json::value body = {};

  [[nodiscard]] std::string text(std::string_view member) const {
    const auto* object = body.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(member);
    if (value == nullptr) return "(nothing)";
    return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
  }
};

using Values = std::map<std::string, std::string>;

/// An emulator and a key to it.
class Cloud {
 public:
  explicit Cloud(Values settings = Values()) {
    emulation::HostOptions options;
    options.settings = std::move(settings);
    options.clock = clock;
    auto started = emulation::Host::start(daytona::makeEmulator, std::move(options));
    REQUIRE(ok(started));
    host = std::move(*started);
  }

  Said ask(http::Method method, const std::string& target, std::string body = std::string()) {
    http::Request request;
    request.method = method;
    request.target = target.starts_with("http") ? target : host->url() + target;
    if (!key.empty()) request.headers.add("Authorization", "Bearer " + key);
    request.headers.add("Content-Type", "application/json");
    if (!body.empty()) request.body = std::move(body);
    auto reply = send(http_, request);
    if (!reply) return Said{0, json::value(describe(reply.error()))};
    boost::system::error_code problem;
    auto value = json::parse(reply->body, problem);
    return Said{reply->status, problem ? json::value(reply->body) : value};
  }
  Said get(const std::string& target) { return ask(http::Method::get, target); }
  Said post(const std::string& target, std::string body = std::string()) {
    return ask(http::Method::post, target, std::move(body));
  }
  Said remove(const std::string& target) { return ask(http::Method::del, target); }

  void rule(emulation::FaultAction action,
            const std::string& route,
            const std::string& state = std::string()) {
    emulation::Fault fault;
    fault.action = action;
    fault.route = route;
    fault.state = state;
    REQUIRE(ok(host->faults().add(fault)));
  }

  std::string key = "dtn_test";
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::unique_ptr<emulation::Host> host;

 private:
  std::shared_ptr<http::Transport> http_ = engineWith();
};

}  // namespace mooring::test
