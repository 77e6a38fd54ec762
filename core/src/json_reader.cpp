#include "json_reader.hpp"

#include <mooring/detail/json_text.hpp>

#include <algorithm>
#include <charconv>

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
      for (const auto& key : known_)
        choices += (choices.empty() ? "" : ", ") + key;
      refuse(at(member.key()), "is not a known key; known here are: " + choices);
      break;
    }
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

std::optional<std::string> JsonReader::textOf(const json::value& value, const std::string& where) {
  if (const auto* text = value.if_string()) return std::string(*text);
  refuse(where, "must be a string");
  return std::nullopt;
}

std::optional<std::string> JsonReader::bytesOf(const json::value& value, const std::string& where) {
  auto bytes = bytesFromJson(value);
  if (!bytes) refuse(where, "must be a string, or {\"base64\": \"…\"} for bytes that are not text");
  return bytes;
}

std::optional<std::int64_t> JsonReader::whole(const json::value& value,
                                              const std::string& where,
                                              Range range) {
  if (value.is_double() || !value.is_number()) {
    refuse(where, "must be a whole number");
    return std::nullopt;
  }
  json::error_code ec;
  const auto number = value.to_number<std::int64_t>(ec);
  if (ec || number < range.least || number > range.most) {
    refuse(where, "must be from " + std::to_string(range.least) + " to " + std::to_string(range.most));
    return std::nullopt;
  }
  return number;
}

template <class Convert>
void JsonReader::list(std::string_view key, std::vector<std::string>& out, Convert convert) {
  each(key, [&](const json::value& item, const std::string& where) {
    if (auto value = (this->*convert)(item, where)) out.push_back(std::move(*value));
  });
}

template <class Convert>
void JsonReader::members(std::string_view key, std::map<std::string, std::string>& out, Convert convert) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* object = value->if_object();
  if (object == nullptr) return refuse(at(key), "must be an object of strings");
  for (const auto& member : *object) {
    auto converted = (this->*convert)(member.value(), at(key) + "." + std::string(member.key()));
    if (!converted) return;
    out.insert_or_assign(member.key(), std::move(*converted));
  }
}

void JsonReader::text(std::string_view key, std::string& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  if (auto text = textOf(*value, at(key))) out = std::move(*text);
}

void JsonReader::bytes(std::string_view key, std::string& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  if (auto bytes = bytesOf(*value, at(key))) out = std::move(*bytes);
}

void JsonReader::bytes(std::string_view key, std::optional<std::string>& out) {
  const auto* value = take(key);
  if (value != nullptr) out = bytesOf(*value, at(key));
}

void JsonReader::text(std::string_view key, std::vector<std::string>& out) {
  list(key, out, &JsonReader::textOf);
}
void JsonReader::bytes(std::string_view key, std::vector<std::string>& out) {
  list(key, out, &JsonReader::bytesOf);
}
void JsonReader::text(std::string_view key, std::map<std::string, std::string>& out) {
  members(key, out, &JsonReader::textOf);
}
void JsonReader::bytes(std::string_view key, std::map<std::string, std::string>& out) {
  members(key, out, &JsonReader::bytesOf);
}

void JsonReader::mode(std::string_view key, std::optional<int>& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* text = value->if_string();
  int bits = 0;
  const char* end = nullptr;
  if (text != nullptr) end = std::from_chars(text->data(), text->data() + text->size(), bits, 8).ptr;
  if (text == nullptr || text->empty() || end != text->data() + text->size() || bits < 0 || bits > 07777) {
    return refuse(at(key), "must be octal text from \"0\" to \"7777\", such as \"0755\"");
  }
  out = bits;
}

void JsonReader::read(std::string_view key, bool& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  if (!value->is_bool()) return refuse(at(key), "must be true or false");
  out = value->get_bool();
}

void JsonReader::read(std::string_view key, std::chrono::milliseconds& out) {
  std::optional<std::int64_t> count;
  read(key, count, durationMs);
  if (count) out = std::chrono::milliseconds(*count);
}

void JsonReader::read(std::string_view key, json::object& out) {
  const auto* value = take(key);
  if (value == nullptr) return;
  const auto* object = value->if_object();
  if (object == nullptr) return refuse(at(key), "must be an object");
  out = *object;
}

}  // namespace mooring::detail
