#include "toolbox/body.hpp"

#include <algorithm>
#include <charconv>

namespace mooring::daytona::emulator {

namespace {

constexpr int anyPermission = 07777;

Error invalidBody(Error error) {
  error.httpStatus = 400;
  error.operation = "INVALID_REQUEST_BODY";
  return error;
}

bool isIdentifier(std::string_view name) {
  const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !isDigit(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return isLetter(c) || isDigit(c); });
}

}  // namespace

Task<boost::json::object> jsonBody(emulation::ExchangePtr exchange) {
  auto text = co_await exchange->body();
  if (!text) co_return std::unexpected(std::move(text).error());
  if (text->empty()) co_return refusal(400, "INVALID_REQUEST_BODY", "the request has no body");
  auto object = emulation::parseObject(*text);
  if (!object) co_return std::unexpected(invalidBody(std::move(object).error()));
  co_return object;
}

Result<void> checkBody(emulation::Members& members) {
  auto done = members.done();
  if (!done) return std::unexpected(invalidBody(std::move(done).error()));
  return done;
}

std::vector<std::string> textList(emulation::Members& members, std::string_view name) {
  auto list = members.optionalTextList(name);
  if (!list) members.refuse(name, "is required");
  return std::move(list).value_or(std::vector<std::string>());
}

Result<void> checkVariables(const std::map<std::string, std::string>& variables) {
  for (const auto& [name, value] : variables) {
    if (!isIdentifier(name)) return refusal(400, "BAD_REQUEST", "invalid environment variable name: " + name);
    if (value.contains('\0'))
      return refusal(400, "BAD_REQUEST", "the value of environment variable " + name + " holds a NUL");
  }
  return {};
}

Result<std::string> requiredQuery(const emulation::Request& request, std::string_view name) {
  auto value = request.queryValue(name);
  if (!value || value->empty())
    return refusal(400, "BAD_REQUEST", "the query parameter " + std::string(name) + " is required");
  return std::move(*value);
}

Result<int> parseMode(const std::string& text) {
  int mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode < 0 || mode > anyPermission)
    return refusal(400, "BAD_REQUEST", "\"" + text + "\" is no mode: three or four octal digits are");
  return mode;
}

}  // namespace mooring::daytona::emulator
