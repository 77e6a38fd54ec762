#include "paging.hpp"

#include <mooring/detail/base64.hpp>

namespace mooring::sprites::emulated {

Result<Page> pageOf(const std::vector<std::string>& names,
                    const std::string& prefix,
                    const std::string& token,
                    std::size_t most) {
  std::string after;
  if (!token.empty()) {
    auto decoded = mooring::detail::decodeBase64Url(token);
    if (!decoded || decoded->empty()) return emulation::refused(400, "invalid continuation_token");
    after = std::move(*decoded);
  }
  Page page;
  for (const auto& name : names) {
    if (!name.starts_with(prefix) || (!after.empty() && name <= after)) continue;
    if (page.names.size() == most) {
      page.next = mooring::detail::encodeBase64Url(page.names.back());
      break;
    }
    page.names.push_back(name);
  }
  return page;
}

}  // namespace mooring::sprites::emulated
