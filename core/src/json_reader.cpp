#include "json_reader.hpp"

#include "json_text.hpp"

#include <algorithm>
#include <limits>

namespace json = boost::json;

namespace mooring::detail {

JsonReader::JsonReader(const json::value& value, std::string path)
    : object_(value.if_object()), path_(std::move(path)) {
  if (object_ == nullptr) refuse(path_, "must be an object");
}

const json::value* JsonReader::take(std::string_view key) {
  known_.emplace_back(key);
  if (object_ == nullptr || error_) return nullptr;
  return object_->if_contains(key);
}

std::string JsonReader::at(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

bool JsonReader::has(std::string_view key) const { return object_ != nullptr && object_->contains(key); }

void JsonReader::refuse(const std::string& where, const std::string& what) {
  if (!error_) error_ = makeError(Errc::invalidArgument, (where.empty() ? "the config" : where) + " " + what);
}

void JsonReader::absorb(Result<void> nested) {
  if (!nested && !error_) error_ = std::move(nested).error();
}

Result<void> JsonReader::finish() {
  if (!error_) {
    for (const auto& member : *object_) {
      if (std::ranges::find(known_, std::string_view(member.key())) != known_.end()) continue;
      std::string choices;
      for (const auto& key : known_) choices += (choices.empty() ? "" : ", ") + key;
      refuse(at(member.key()), "is not a known key; known here are: " + choices);
      break;
    }
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

void JsonReader::read(std::string_view key, std::string& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  auto bytes = bytesFromJson(*value);
  if (!bytes) return refuse(at(key), "must be a string, or {\"base64\": \"…\"}");
  out = std::move(*bytes);
}

void JsonReader::read(std::string_view key, std::optional<std::string>& out) {
  if (!has(key)) {
    take(key);
    return;
  }
  std::string text;
  read(key, text);
  out = std::move(text);
}

void JsonReader::read(std::string_view key, bool& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  if (!value->is_bool()) return refuse(at(key), "must be true or false");
  out = value->get_bool();
}

void JsonReader::read(std::string_view key, std::int64_t& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  json::error_code ec;
  const auto number = value->to_number<std::int64_t>(ec);
  if (ec || value->is_double()) return refuse(at(key), "must be a whole number");
  out = number;
}

void JsonReader::read(std::string_view key, int& out) {
  std::int64_t number = out;
  read(key, number);
  if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max()) {
    return refuse(at(key), "is out of range");
  }
  out = static_cast<int>(number);
}

void JsonReader::read(std::string_view key, std::optional<int>& out) {
  int number = 0;
  read(key, number);
  if (has(key)) out = number;
}

void JsonReader::read(std::string_view key, std::optional<std::int64_t>& out) {
  std::int64_t number = 0;
  read(key, number);
  if (has(key)) out = number;
}

void JsonReader::read(std::string_view key, std::vector<std::string>& out) {
  each(key, [&](const json::value& item, const std::string& where) {
    auto bytes = bytesFromJson(item);
    if (!bytes) return refuse(where, "must be a string, or {\"base64\": \"…\"}");
    out.push_back(std::move(*bytes));
  });
}

void JsonReader::read(std::string_view key, std::vector<int>& out) {
  each(key, [&](const json::value& item, const std::string& where) {
    json::error_code ec;
    const auto number = item.to_number<int>(ec);
    if (ec || item.is_double()) return refuse(where, "must be a whole number");
    out.push_back(number);
  });
}

void JsonReader::read(std::string_view key, std::map<std::string, std::string>& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* object = value->if_object();
  if (object == nullptr) return refuse(at(key), "must be an object of strings");
  for (const auto& member : *object) {
    auto bytes = bytesFromJson(member.value());
    if (!bytes) return refuse(at(key) + "." + std::string(member.key()), "must be a string, or {\"base64\": \"…\"}");
    out.insert_or_assign(member.key(), std::move(*bytes));
  }
}

void JsonReader::read(std::string_view key, json::object& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* object = value->if_object();
  if (object == nullptr) return refuse(at(key), "must be an object");
  out = *object;
}

}  // namespace mooring::detail
