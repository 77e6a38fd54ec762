#include "policy.hpp"

#include <mooring/emulation/strict.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::Members;
using emulation::refused;

namespace {

constexpr std::array<std::string_view, 3> proxyHeaders = {
    "connection", "content-length", "transfer-encoding"};

json::array arrayOf(const std::vector<std::string>& texts) {
  json::array all;
  for (const auto& text : texts)
    all.emplace_back(text);
  return all;
}

Result<void> checkMatcher(const json::object& matcher, const std::string& path) {
  Members members(matcher, path);
  const int given = (members.optionalText("exact") ? 1 : 0) + (members.optionalText("startsWith") ? 1 : 0) +
                    (members.optionalText("regex") ? 1 : 0);
  if (given != 1) members.refuse("exact", "or startsWith or regex must be given, and only one of them");
  return members.done();
}

Result<void> checkPairs(const json::array* pairs, const std::string& path) {
  if (pairs == nullptr) return {};
  for (const auto& pair : *pairs) {
    if (!pair.is_object()) return refused(400, path + " must be an array of objects");
    Members members(pair.get_object(), path + ".");
    for (const auto* name : {"key", "value"}) {
      const auto* matcher = members.optionalObject(name);
      if (matcher == nullptr) continue;
      if (auto good = checkMatcher(*matcher, path + "." + name + "."); !good) return good;
    }
    if (auto good = members.done(); !good) return good;
  }
  return {};
}

Result<void> checkMatch(const json::object& match, const std::string& path) {
  Members members(match, path);
  const auto* wanted = members.optionalObject("path");
  members.optionalTextList("method");
  const auto* query = members.optionalArray("queryString");
  const auto* headers = members.optionalArray("headers");
  if (auto good = members.done(); !good) return good;
  if (wanted != nullptr) {
    if (auto good = checkMatcher(*wanted, path + "path."); !good) return good;
  }
  if (auto good = checkPairs(query, path + "queryString"); !good) return good;
  return checkPairs(headers, path + "headers");
}

Result<void> checkDirect(const json::object& response, const std::string& path) {
  Members members(response, path);
  const auto status = members.integer("statusCode", 200, 599);
  const auto headers = members.optionalTexts("headers");
  const auto body = members.optionalText("body");
  const auto type = members.optionalText("contentType");
  if (body && !type) members.refuse("contentType", "must be provided when body is set");
  if (body && (status == 204 || status == 205 || status == 304)) {
    members.refuse("body", "is not allowed on status codes 204, 205, and 304");
  }
  for (const auto& [name, value] : headers.value_or(std::map<std::string, std::string>())) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (std::ranges::find(proxyHeaders, lower) != proxyHeaders.end()) {
      members.refuse("headers." + name, "is set by the proxy");
    }
  }
  return members.done();
}

/// Only the names: what is injected is a secret.
Result<json::array> injectedNames(const json::array& transforms, const std::string& path) {
  json::array names;
  for (const auto& transform : transforms) {
    if (!transform.is_object()) return refused(400, path + " must be an array of objects");
    Members members(transform.get_object(), path + ".");
    const auto headers = members.optionalTexts("headers").value_or(std::map<std::string, std::string>());
    if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
    for (const auto& [name, value] : headers)
      names.emplace_back(name);
  }
  return names;
}

struct Rules {
  json::array injections;
  json::array forwards;
};

Result<void> readRule(const json::value& value,
                      const std::string& domain,
                      const std::string& path,
                      Rules& into) {
  if (!value.is_object()) return refused(400, path + " must be an object");
  Members members(value.get_object(), path + ".");
  const auto* match = members.optionalObject("match");
  const auto* transforms = members.optionalArray("transform");
  const auto forwardUrl = members.optionalText("forwardURL");
  const auto* response = members.optionalObject("response");
  const int actions = (transforms != nullptr ? 1 : 0) + (forwardUrl ? 1 : 0) + (response != nullptr ? 1 : 0);
  if (actions != 1)
    members.refuse("transform", "or forwardURL or response must be given, and only one of them");
  if (auto good = members.done(); !good) return good;
  json::object rule{{"domain", domain}};
  if (match != nullptr) {
    if (auto good = checkMatch(*match, path + ".match."); !good) return good;
    rule["match"] = *match;
  }
  if (response != nullptr) return checkDirect(*response, path + ".response.");
  if (forwardUrl) {
    rule["forwardURL"] = *forwardUrl;
    into.forwards.push_back(std::move(rule));
    return {};
  }
  auto names = injectedNames(*transforms, path + ".transform");
  if (!names) return std::unexpected(std::move(names).error());
  rule["headerNames"] = std::move(*names);
  into.injections.push_back(std::move(rule));
  return {};
}

/// Domains as a list, or with rules for each.
Result<void> readAllowed(const json::value& allow, json::object& answer) {
  json::array domains;
  Rules rules;
  if (const auto* list = allow.if_array()) {
    for (const auto& domain : *list) {
      if (!domain.is_string())
        return refused(400, "networkPolicy.allow must be an array of strings or an object");
      domains.push_back(domain);
    }
  } else if (const auto* byDomain = allow.if_object()) {
    for (const auto& member : *byDomain) {
      const std::string domain(member.key());
      const std::string path = "networkPolicy.allow." + domain;
      if (!member.value().is_array()) return refused(400, path + " must be an array of rules");
      domains.emplace_back(domain);
      for (const auto& rule : member.value().get_array()) {
        if (auto good = readRule(rule, domain, path, rules); !good) return good;
      }
    }
  } else {
    return refused(400, "networkPolicy.allow must be an array of strings or an object");
  }
  answer["allowedDomains"] = std::move(domains);
  if (!rules.injections.empty()) answer["injectionRules"] = std::move(rules.injections);
  if (!rules.forwards.empty()) answer["forwardRules"] = std::move(rules.forwards);
  return {};
}

Result<Policy> parseMode(const json::object& request) {
  Members members(request, "networkPolicy.");
  const auto mode = members.optionalChoice("mode", {"allow-all", "deny-all", "custom"});
  Policy policy;
  policy.answer["mode"] = mode.value_or("");
  if (mode == "custom") {
    for (const auto* name : {"allowedDomains", "allowedCIDRs", "deniedCIDRs"}) {
      if (const auto list = members.optionalTextList(name)) policy.answer[name] = arrayOf(*list);
    }
  }
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  policy.deniesAll = mode == "deny-all";
  return policy;
}

}  // namespace

Result<Policy> parsePolicy(const json::object& request) {
  if (request.contains("mode")) return parseMode(request);
  Members members(request, "networkPolicy.");
  members.known("allow");
  const auto* subnets = members.optionalObject("subnets");
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  Policy policy;
  policy.answer["mode"] = "custom";
  if (const auto* allow = request.if_contains("allow")) {
    if (auto good = readAllowed(*allow, policy.answer); !good)
      return std::unexpected(std::move(good).error());
  }
  if (subnets != nullptr) {
    Members lists(*subnets, "networkPolicy.subnets.");
    const auto allowed = lists.optionalTextList("allow");
    const auto denied = lists.optionalTextList("deny");
    if (auto good = lists.done(); !good) return std::unexpected(std::move(good).error());
    if (allowed) policy.answer["allowedCIDRs"] = arrayOf(*allowed);
    if (denied) policy.answer["deniedCIDRs"] = arrayOf(*denied);
  }
  // A policy that allows nothing denies everything.
  policy.deniesAll = !policy.answer.contains("allowedDomains") && !policy.answer.contains("allowedCIDRs");
  return policy;
}

}  // namespace mooring::vercel::emulated
