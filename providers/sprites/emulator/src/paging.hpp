// Lists of sprites, page by page.
#pragma once

#include <mooring/emulation/message.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mooring::sprites::emulated {

inline constexpr std::size_t largestPage = 50;

struct Page {
  std::vector<std::string> names = {};
  std::optional<std::string> next = {};  ///< A token for the rest, if there is one.
};

/// Of `names`, which are sorted: those that begin with `prefix`, behind the one that `token` stands for,
/// `most` at most. So pages do not shift when sprites come and go. Errors: 400 (no token of ours).
Result<Page> pageOf(const std::vector<std::string>& names,
                    const std::string& prefix,
                    const std::string& token,
                    std::size_t most);

}  // namespace mooring::sprites::emulated
