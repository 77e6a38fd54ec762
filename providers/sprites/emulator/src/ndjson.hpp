// Answers that tell their progress, one JSON value a line.
#pragma once

#include <mooring/emulation/exchange.hpp>

#include <boost/json/object.hpp>

namespace mooring::sprites::emulated {

/// Each line goes out at once.
class NdjsonReply {
 public:
  explicit NdjsonReply(emulation::ExchangePtr exchange) : exchange_(std::move(exchange)) {}

  Task<void> begin();
  Task<void> say(boost::json::object event);

 private:
  emulation::ExchangePtr exchange_;
};

}  // namespace mooring::sprites::emulated
