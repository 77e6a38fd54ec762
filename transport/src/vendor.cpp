#include <mooring/http/text.hpp>
#include <mooring/http/vendor.hpp>

#include <boost/json/array.hpp>
#include <spdlog/fmt/fmt.h>

namespace mooring::http {

std::unexpected<Error> refusal(const Vendor& vendor, Errc code, std::string message) {
  Error error = makeError(code, std::move(message));
  error.provider = std::string(vendor.provider);
  return std::unexpected(std::move(error));
}

Error answered(const Vendor& vendor,
               const Response& response,
               Errc code,
               std::string_view what,
               std::string_view said,
               std::string_view advice,
               const Secret& hidden) {
  auto message = fmt::format(
      "cannot {}: {} answered {}{}{}", what, vendor.name, response.status, said, advice);
  auto error = makeError(code, redacted(std::move(message), hidden));
  error.provider = std::string(vendor.provider);
  error.httpStatus = response.status;
  error.requestId = response.requestId;
  error.retryAfter = response.retryAfter;
  if (response.retriesExhausted && error.retryable()) error.transience = Transience::exhausted;
  return error;
}

Error unanswered(const Vendor& vendor, Error error, std::string_view what) {
  error.message = fmt::format("cannot {}: {}", what, error.message);
  error.provider = std::string(vendor.provider);
  return error;
}

Error outcomeUnknown(Error error) {
  auto outer = error;
  outer.code = Errc::outcomeUnknown;
  outer.transience = Transience::permanent;
  outer.message += "; it may have happened all the same";
  outer.cause = std::make_shared<const Error>(std::move(error));
  return outer;
}

std::string textOf(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return oneLine(value->get_string());
  std::string joined;
  if (const auto* array = value->if_array()) {
    for (const auto& item : *array) {
      if (item.is_string()) joined += (joined.empty() ? "" : ", ") + oneLine(item.get_string());
    }
  }
  return joined;
}

std::string plainTextOf(const Response& response) {
  const auto type = mediaType(response.headers.get("Content-Type").value_or(""));
  if (type == "text/html" || response.body.starts_with('<')) return {};
  return oneLine(response.body);
}

std::string redacted(std::string text, const Secret& hidden) {
  const auto& bytes = hidden.reveal();
  if (bytes.empty()) return text;
  for (auto at = text.find(bytes); at != std::string::npos; at = text.find(bytes, at)) {
    text.replace(at, bytes.size(), "***");
  }
  return text;
}

}  // namespace mooring::http
