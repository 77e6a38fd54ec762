#include <mooring/emulation/faults.hpp>
#include <mooring/emulation/strict.hpp>

#include <boost/json/array.hpp>

#include <array>
#include <ctime>
#include <limits>

namespace mooring::emulation {

namespace json = boost::json;

namespace {

/// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the process's locale is.
std::string httpDate(std::chrono::system_clock::time_point at) {
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::string(days.at(static_cast<std::size_t>(parts.tm_wday))) + ", " + two(parts.tm_mday) + " " +
         months.at(static_cast<std::size_t>(parts.tm_mon)) + " " + std::to_string(parts.tm_year + 1900) +
         " " + two(parts.tm_hour) + ":" + two(parts.tm_min) + ":" + two(parts.tm_sec) + " GMT";
}

constexpr int anyNumber = std::numeric_limits<int>::max();

}  // namespace

json::object toJson(const Fault& fault) {
  const Fault usual;
  json::object object;
  object["action"] = toString(fault.action);
  object["route"] = fault.route;
  if (fault.skip != usual.skip) object["skip"] = fault.skip;
  if (fault.count != usual.count) object["count"] = fault.count;
  if (fault.probability != usual.probability) object["probability"] = fault.probability;
  if (fault.latency.count() != 0) object["latencyMs"] = fault.latency.count();
  if (fault.status != usual.status) object["status"] = fault.status;
  if (!fault.headers.empty()) {
    json::object headers;
    for (const auto& [name, value] : fault.headers)
      headers[name] = value;
    object["headers"] = std::move(headers);
  }
  if (fault.body) object["body"] = *fault.body;
  if (fault.retryAfter != usual.retryAfter) object["retryAfter"] = toString(fault.retryAfter);
  if (fault.retryAfterSeconds != usual.retryAfterSeconds)
    object["retryAfterSeconds"] = fault.retryAfterSeconds;
  if (fault.bucket != usual.bucket) object["bucket"] = fault.bucket;
  if (fault.bytes != 0) object["bytes"] = fault.bytes;
  if (!fault.state.empty()) object["state"] = fault.state;
  if (!fault.manner.empty()) object["manner"] = fault.manner;
  return object;
}

Result<Fault> parseFault(const json::value& value) {
  if (!value.is_object()) return refused(400, "a fault must be an object");
  Members members(value.get_object());
  const auto choices = [](const auto& entries) {
    std::vector<std::string_view> texts;
    texts.reserve(entries.size());
    for (const auto& entry : entries)
      texts.push_back(entry.second);
    return texts;
  };
  Fault fault;
  if (auto text = members.optionalText("route")) fault.route = *text;
  fault.skip = static_cast<int>(members.optionalInteger("skip", 0, anyNumber).value_or(fault.skip));
  fault.count = static_cast<int>(members.optionalInteger("count", 0, anyNumber).value_or(fault.count));
  fault.probability = members.optionalNumber("probability").value_or(fault.probability);
  fault.latency = std::chrono::milliseconds(members.optionalInteger("latencyMs", 0, anyNumber).value_or(0));
  const auto action = members.optionalChoice("action",
                                             choices(mooring::detail::EnumText<FaultAction>::entries));
  if (action) fault.action = *parseEnum<FaultAction>(*action);
  fault.status = static_cast<int>(members.optionalInteger("status", 200, 599).value_or(fault.status));
  if (auto headers = members.optionalTexts("headers")) {
    fault.headers.assign(headers->begin(), headers->end());
  }
  fault.body = members.optionalText("body");
  const auto form = members.optionalChoice("retryAfter",
                                           choices(mooring::detail::EnumText<RetryAfterForm>::entries));
  if (form) fault.retryAfter = *parseEnum<RetryAfterForm>(*form);
  fault.retryAfterSeconds = static_cast<int>(
      members.optionalInteger("retryAfterSeconds", 0, anyNumber).value_or(fault.retryAfterSeconds));
  if (auto bucket = members.optionalText("bucket")) fault.bucket = *bucket;
  fault.bytes = static_cast<std::uint64_t>(members.optionalInteger("bytes", 0, anyNumber).value_or(0));
  fault.state = members.optionalText("state").value_or("");
  fault.manner = members.optionalText("manner").value_or("");
  if (auto done = members.done(); !done) return std::unexpected(std::move(done).error());
  return fault;
}

Result<void> Faults::add(Fault fault) {
  const std::scoped_lock lock(mutex_);
  try {
    std::regex pattern(fault.route);
    rules_.push_back(Rule{std::move(fault), std::move(pattern)});
  } catch (const std::regex_error&) {
    return refused(400, "route \"" + fault.route + "\" is no regular expression");
  }
  return {};
}

void Faults::clear() {
  const std::scoped_lock lock(mutex_);
  rules_.clear();
}

std::optional<Fault> Faults::strike(std::string_view route) {
  const std::scoped_lock lock(mutex_);
  for (auto& rule : rules_) {
    if (!std::regex_match(route.begin(), route.end(), rule.pattern)) continue;
    if (rule.seen++ < rule.fault.skip) continue;
    if (rule.fault.count != 0 && rule.struck >= rule.fault.count) continue;
    if (rule.fault.probability < 1) {
      std::uniform_real_distribution<double> chance(0, 1);
      if (chance(random_) >= rule.fault.probability) continue;
    }
    ++rule.struck;
    return rule.fault;
  }
  return std::nullopt;
}

json::array Faults::json() const {
  const std::scoped_lock lock(mutex_);
  json::array all;
  for (const auto& rule : rules_) {
    auto object = toJson(rule.fault);
    object["struck"] = rule.struck;
    all.emplace_back(std::move(object));
  }
  return all;
}

Reply replyFor(const Fault& fault, const Reply& usual, std::chrono::system_clock::time_point now) {
  Reply reply = usual;
  reply.status = fault.status;
  if (fault.body) {
    reply.body = *fault.body;
    reply.headers.clear();
  }
  for (const auto& [name, value] : fault.headers)
    reply.headers.set(name, value);
  const auto seconds = std::to_string(fault.retryAfterSeconds);
  switch (fault.retryAfter) {
    case RetryAfterForm::none:
      break;
    case RetryAfterForm::seconds:
      reply.headers.set("Retry-After", seconds);
      break;
    case RetryAfterForm::date:
      reply.headers.set("Retry-After", httpDate(now + std::chrono::seconds(fault.retryAfterSeconds)));
      break;
    case RetryAfterForm::suffixed:
      reply.headers.set("Retry-After-" + fault.bucket, seconds);
      break;
  }
  return reply;
}

}  // namespace mooring::emulation
