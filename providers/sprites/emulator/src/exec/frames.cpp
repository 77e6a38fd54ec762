#include "exec/frames.hpp"

#include <boost/json/serialize.hpp>

namespace mooring::sprites::emulated {

http::Message binaryMessage(std::string bytes) {
  http::Message message;
  message.data = std::move(bytes);
  return message;
}

http::Message textMessage(const boost::json::object& content) {
  http::Message message;
  message.text = true;
  message.data = boost::json::serialize(content);
  return message;
}

}  // namespace mooring::sprites::emulated
