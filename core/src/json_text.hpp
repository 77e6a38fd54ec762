#pragma once

#include <mooring/detail/json_text.hpp>
