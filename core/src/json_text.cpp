#include "json_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <openssl/evp.h>

#include <vector>

namespace json = boost::json;

namespace mooring::detail {
namespace {

std::string encodeBase64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a NUL.
  const auto count = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(count));
  return out;
}

std::optional<std::string> decodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3 + 1, '\0');
  const auto count = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (count < 0) return std::nullopt;
  std::size_t padding = 0;  // EVP_DecodeBlock counts padding as zero bytes.
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(count) - padding);
  return out;
}

}  // namespace

bool isUtf8(std::string_view bytes) {
  // The JSON parser refuses strings that are not UTF-8, so it is the one that decides.
  json::error_code ec;
  json::parse(json::serialize(json::string(bytes)), ec);
  return !ec;
}

json::value bytesToJson(std::string_view bytes) {
  if (isUtf8(bytes)) return json::value(bytes);
  return json::object{{"base64", encodeBase64(bytes)}};
}

std::optional<std::string> bytesFromJson(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  const auto* object = value.if_object();
  if (object == nullptr || object->size() != 1) return std::nullopt;
  const auto* encoded = object->if_contains("base64");
  if (encoded == nullptr || !encoded->is_string()) return std::nullopt;
  return decodeBase64(encoded->get_string());
}

}  // namespace mooring::detail
