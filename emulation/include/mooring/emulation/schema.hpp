/// Checking JSON against a vendor's own description of it.
#pragma once

#include <mooring/error.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mooring::emulation {

/// A condensed API description: {"operations": {"POST /sandbox": {"query": {name: schema}, "requiredQuery":
/// [name], "body": schema}}, "schemas": {name: schema}}. A schema is {"is": name} or has the members type,
/// properties, required, items, additionalProperties, enum, minimum, maximum, nullable, as in OpenAPI. An
/// object with properties has no others unless additionalProperties says so. Threads: any, once read.
class Schemas {
 public:
  /// Errors: corrupted.
  static Result<Schemas> read(std::string_view text);

  [[nodiscard]] std::vector<std::string> operations() const;
  [[nodiscard]] bool takesBody(std::string_view operation) const;
  /// Errors: status 400 naming the parameter.
  [[nodiscard]] Result<void> checkQuery(std::string_view operation,
                                        const std::vector<std::pair<std::string, std::string>>& query) const;
  /// Errors: status 400 naming the member.
  [[nodiscard]] Result<void> checkBody(std::string_view operation, const boost::json::value& body) const;

 private:
  [[nodiscard]] const boost::json::object* operation(std::string_view name) const;
  [[nodiscard]] const boost::json::object& resolve(const boost::json::object& schema) const;
  [[nodiscard]] std::string flawOf(const boost::json::value& value,
                                   const boost::json::object& schema,
                                   const std::string& place) const;
  [[nodiscard]] std::string objectFlaw(const boost::json::object& value,
                                       const boost::json::object& schema,
                                       const std::string& place) const;

  boost::json::object document_;
};

}  // namespace mooring::emulation
