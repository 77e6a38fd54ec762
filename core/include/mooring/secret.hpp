/// A value that must not be seen.
#pragma once

#include <string>
#include <utility>

namespace mooring {

/// Holds a credential or a secretEnv value. No formatter, no comparison, no JSON: the only way to the text is
/// reveal(), and it is called only where the value leaves for its destination.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace mooring
