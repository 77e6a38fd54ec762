#include "measure.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace bench {

double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double Samples::quantile(double fraction) const {
  if (values_.empty()) return 0;
  auto sorted = values_;
  std::ranges::sort(sorted);
  const auto at = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - std::floor(at));
}

void inTurns(std::vector<Contender>& contenders, int rounds) {
  for (int round = 0; round <= rounds; ++round) {
    for (auto& contender : contenders) {
      const auto seconds = secondsOf(contender.work);
      if (round > 0) contender.seconds.add(seconds);
    }
  }
}

bool Row::missed() const {
  return (bound == Bound::atMost && value > budget) || (bound == Bound::atLeast && value < budget);
}

namespace {

std::string number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e9) return fmt::format("{:.0f}", value);
  return value < 10 ? fmt::format("{:.2f}", value) : fmt::format("{:.1f}", value);
}

std::string budgetText(const Row& row) {
  if (row.bound == Bound::none) return {};
  return fmt::format("{} {} {}{}",
                     row.bound == Bound::atMost ? "<=" : ">=",
                     number(row.budget),
                     row.unit,
                     row.missed() ? "  MISSED" : "");
}

}  // namespace

void printTable(std::ostream& out, const std::vector<Row>& rows) {
  std::string section;
  for (const auto& row : rows) {
    if (row.section != section) out << '\n' << (section = row.section) << '\n';
    const auto ratio = row.ratio ? fmt::format("{:.2f} x {}", *row.ratio, row.against) : std::string();
    auto line = fmt::format(
        "  {:<46} {:>9} {:<6} {:<34} {}", row.name, number(row.value), row.unit, ratio, budgetText(row));
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

void printJson(std::ostream& out, const std::vector<Row>& rows) {
  boost::json::array list;
  for (const auto& row : rows) {
    boost::json::object one;
    one["section"] = row.section;
    one["name"] = row.name;
    one["value"] = row.value;
    one["unit"] = row.unit;
    if (row.ratio) {
      one["against"] = row.against;
      one["ratio"] = *row.ratio;
    }
    if (row.bound != Bound::none) {
      one[row.bound == Bound::atMost ? "atMost" : "atLeast"] = row.budget;
      one["missed"] = row.missed();
    }
    list.push_back(std::move(one));
  }
  out << boost::json::serialize(list) << '\n';
}

}  // namespace bench
