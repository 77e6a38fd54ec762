#include <mooring/http/headers.hpp>
#include <mooring/http/json.hpp>
#include <mooring/http/retry_after.hpp>
#include <mooring/http/url.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = mooring::http;
  const std::string text(reinterpret_cast<const char*>(data), size);
  http::parameter(text, "name");
  http::mediaType(text);
  if (auto url = http::parseUrl(text)) {
    auto again = http::parseUrl(url->text());
    if (!again || again->text() != url->text()) std::abort();
    http::resolveUrl(*url, text);
  }
  http::Response response;
  response.status = 429;
  response.headers.add("Retry-After", text);
  response.headers.add("X-RateLimit-Reset", text);
  const auto wait = http::retryAfterOf(response,
                                       mooring::Timestamp(std::chrono::milliseconds(1769860800000)));
  if (wait && (wait->count() < 0 || wait->count() > 86400000)) std::abort();
  http::JsonLimits limits;
  limits.depth = 8;
  if (auto value = http::parseJson(text, limits)) {
    (void)http::decodeValue<std::map<std::string, std::vector<std::optional<int>>>>(*value);
  }
  return 0;
}
