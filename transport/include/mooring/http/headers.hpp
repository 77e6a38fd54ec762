/// Header fields of a request or a reply.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::http {

/// Whether two field names are the same: ASCII letters compare without case.
bool sameName(std::string_view a, std::string_view b);

/// Fields in the order in which they came, names compared without case, several of one name allowed.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// The first value of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  /// All values of that name.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return get(name).has_value(); }

  /// Adds a field beside those of the same name.
  void add(std::string name, std::string value);
  /// Replaces all fields of that name by one.
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  void clear() { fields_.clear(); }

  [[nodiscard]] bool empty() const { return fields_.empty(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// The media type of a Content-Type value, lower case and without parameters: "text/html; charset=x" gives
/// "text/html".
std::string mediaType(std::string_view contentType);
/// A parameter of a Content-Type or Content-Disposition value, unquoted: parameter("a; b=\"c\"", "b") is "c".
std::optional<std::string> parameter(std::string_view value, std::string_view name);

}  // namespace mooring::http
