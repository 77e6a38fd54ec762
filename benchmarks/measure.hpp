// Timing, medians and the table that comes of them.
#pragma once

#include <mooring/error.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

/// Benchmarks give up by throwing: a figure from a world that does not work is worth nothing.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
T must(mooring::Result<T> result, const char* what) {
  if (!result) throw Failed(std::string(what) + ": " + mooring::describe(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double secondsOf(const std::function<void()>& work);

class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] double median() const { return quantile(0.5); }
  [[nodiscard]] double quantile(double fraction) const;

 private:
  std::vector<double> values_;
};

/// What is compared: measured in turn, one of each in every round, so that all see the same machine.
struct Contender {
  std::string name = {};
  std::function<void()> work = {};
  Samples seconds = {};
};

/// One round more than `rounds` is run: the first warms up and does not count.
void inTurns(std::vector<Contender>& contenders, int rounds);

enum class Bound { none, atMost, atLeast };

struct Row {
  std::string section = {};
  std::string name = {};
  double value = 0;
  std::string unit = {};
  std::string against = {};          ///< What it is compared with; empty: with nothing.
  std::optional<double> ratio = {};  ///< To that.
  Bound bound = Bound::none;
  double budget = 0;  ///< In `unit`.

  [[nodiscard]] bool missed() const;
};

void printTable(std::ostream& out, const std::vector<Row>& rows);
void printJson(std::ostream& out, const std::vector<Row>& rows);

}  // namespace bench
