#include "toolbox/signed_links.hpp"

#include <mooring/detail/base64.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <chrono>

namespace mooring::daytona::emulator {

namespace {

bool hasExpired(const std::string& expires, Timestamp now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (error != std::errc() || end != expires.data() + expires.size()) return true;
  return seconds != 0 && now >= Timestamp(std::chrono::seconds(seconds));
}

}  // namespace

std::string linkSignature(const std::string& key,
                          const std::string& method,
                          const std::string& path,
                          const std::string& expires) {
  const std::string text = "v1:files:" + method + ":" + path + ":" + expires;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  HMAC(EVP_sha256(),
       key.data(),
       static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()),
       text.size(),
       digest.data(),
       &size);
  return "v1_" + mooring::detail::encodeBase64Url(
                     std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

bool isSignedLink(const emulation::Request& request, const std::string& key, Timestamp now) {
  const bool downloads = request.method == "GET" && request.route.ends_with("/files/download");
  const bool uploads = request.method == "POST" && request.route.ends_with("/files/upload-v2");
  const auto signature = request.queryValue("signature");
  if (!(downloads || uploads) || !signature || key.empty()) return false;
  const auto path = request.queryValue("path").value_or("");
  const auto expires = request.queryValue("expires").value_or("");
  return !hasExpired(expires, now) && *signature == linkSignature(key, request.method, path, expires);
}

}  // namespace mooring::daytona::emulator
