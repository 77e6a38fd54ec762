#pragma once

/// What an emulator answered, for tests that look at JSON.

#include <mooring/http/headers.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

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
  /// The data of lines that belong to one stream, joined.
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

}  // namespace mooring::test
