// What is measured, one function for each section of the table.
#pragma once

#include "world.hpp"

namespace bench {

std::vector<Row> measureCreate(World& world, const Effort& effort);
std::vector<Row> measureRun(World& world, const Effort& effort);
std::vector<Row> measureFreshProcess(World& world, const Effort& effort);
std::vector<Row> measureCommits(World& world, const Effort& effort);
std::vector<Row> measureMemory(World& world, const Effort& effort);
std::vector<Row> measureFiles(World& world, const Effort& effort);
std::vector<Row> measureList(World& world, const Effort& effort);
std::vector<Row> measureSmall(World& world, const Effort& effort);

/// The children that measureFreshProcess and measureMemory start; they print what they measured.
int childRun(const std::string& database, const std::string& id);
int childFlood(const std::string& database, const std::string& id, const std::string& bytes);

}  // namespace bench
