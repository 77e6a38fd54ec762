// A record's events in plain words.
#pragma once

#include <mooring/record.hpp>

#include <ostream>
#include <vector>

void printHistory(std::ostream& out, const std::vector<mooring::SandboxEvent>& events);
