#include "thrown.hpp"

#include <string>

namespace mooring::detail {

Error errorOf(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return makeError(Errc::internal, std::string("unexpected exception: ") + e.what());
  } catch (...) {
    return makeError(Errc::internal, "unexpected exception of an unknown type");
  }
}

}  // namespace mooring::detail
