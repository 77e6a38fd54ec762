#pragma once

/// Assertions on results that show the whole Error: `REQUIRE(test::ok(result))`,
/// `CHECK(test::failsWith(result, …))`.

#include <mooring/error.hpp>

#include <ostream>
#include <string>
#include <utility>

namespace mooring::test {

/// A yes or no that can explain itself; Catch prints the explanation when it is a no.
struct Verdict {
  bool good = false;
  std::string text = {};

  explicit operator bool() const { return good; }
  friend std::ostream& operator<<(std::ostream& out, const Verdict& verdict) { return out << verdict.text; }
};

template <class T>
Verdict ok(const Result<T>& result) {
  if (result) return {true, "a value"};
  return {false, describe(result.error())};
}

template <class T>
Verdict failsWith(const Result<T>& result, Errc code) {
  if (result) return {false, "a value, where " + std::string(toString(code)) + " was expected"};
  if (result.error().code == code) return {true, describe(result.error())};
  return {false, describe(result.error()) + ", where " + std::string(toString(code)) + " was expected"};
}

/// failsWith(), and the message names `subject`: what the caller has to look at.
template <class T>
Verdict failsWith(const Result<T>& result, Errc code, const std::string& subject) {
  auto verdict = failsWith(result, code);
  if (verdict && describe(result.error()).find(subject) == std::string::npos) {
    return {false, verdict.text + ", which does not name \"" + subject + "\""};
  }
  return verdict;
}

}  // namespace mooring::test
