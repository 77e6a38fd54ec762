/// Reading request bodies strictly: what is missing, of the wrong kind, out of range or unknown is refused
/// with its name.
#pragma once

#include <mooring/emulation/message.hpp>
#include <mooring/error.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::emulation {

/// Errors: status 400, telling where it stopped being JSON.
Result<boost::json::value> parseBody(std::string_view body);
/// Errors: status 400, also when it is no object. An empty body is an empty object.
Result<boost::json::object> parseObject(std::string_view body);
/// A whole number in a path or query. Errors: status 400 naming it.
Result<std::int64_t> parseInteger(std::string_view name,
                                  std::string_view text,
                                  std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                                  std::int64_t most = std::numeric_limits<std::int64_t>::max());
/// "true" or "false". Errors: status 400 naming it.
Result<bool> parseFlag(std::string_view name, std::string_view text);

/// The members of one object. Read all, then look at done(): it has the first problem. Lifetime: the object
/// outlives it.
class Members {
 public:
  explicit Members(const boost::json::object& object, std::string path = std::string())
      : object_(object), path_(std::move(path)) {}

  std::string text(std::string_view name);
  std::optional<std::string> optionalText(std::string_view name);
  /// One of `choices`.
  std::optional<std::string> optionalChoice(std::string_view name,
                                            const std::vector<std::string_view>& choices);
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> optionalInteger(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<double> optionalNumber(std::string_view name);
  std::optional<bool> optionalFlag(std::string_view name);
  std::optional<std::map<std::string, std::string>> optionalTexts(std::string_view name);
  std::optional<std::vector<std::string>> optionalTextList(std::string_view name);
  /// Null when it is not there.
  const boost::json::object* optionalObject(std::string_view name);
  const boost::json::array* optionalArray(std::string_view name);
  /// Known, and not looked at here.
  void known(std::string_view name) { seen_.emplace_back(name); }
  void refuse(std::string_view name, std::string_view what);

  /// Errors: status 400 with the first problem, unknown members included.
  [[nodiscard]] Result<void> done();

 private:
  const boost::json::value* look(std::string_view name, bool required);

  const boost::json::object& object_;
  std::string path_;
  std::vector<std::string> seen_;
  std::string problem_;
};

}  // namespace mooring::emulation
