#include "command_stream.hpp"

#include <mooring/http/text.hpp>

#include "errors.hpp"

#include <boost/json/object.hpp>

namespace json = boost::json;

namespace mooring::vercel {

namespace {

struct LogLine {
  std::string stream = {};
  json::value data = {};
};
void read(http::Fields& in, LogLine& out) {
  in.required("stream", out.stream);
  in.required("data", out.data);
}

struct ErrorData {
  std::string code = {};
  std::string message = {};
};
void read(http::Fields& in, ErrorData& out) {
  in.optional("code", out.code);
  in.optional("message", out.message);
}

Result<CommandEvent> eventFrom(const json::value& value) {
  const auto* object = value.if_object();
  if (object != nullptr && object->contains("command")) {
    auto reply = http::decodeValue<CommandReply>(value);
    if (!reply) return std::unexpected(std::move(reply).error());
    return CommandEvent(std::move(reply->command));
  }
  auto line = http::decodeValue<LogLine>(value);
  if (!line) return std::unexpected(std::move(line).error());
  if (line->stream == "error") {
    auto data = http::decodeValue<ErrorData>(line->data);
    if (!data) return std::unexpected(std::move(data).error());
    return CommandEvent(StreamError{http::oneLine(data->code), http::oneLine(data->message)});
  }
  const auto stream = parseEnum<Stream>(line->stream);
  if (!stream) return refuse(Errc::corrupted, "a stream is none of stdout, stderr and error");
  auto text = http::decodeValue<std::string>(line->data);
  if (!text) return std::unexpected(std::move(text).error());
  return CommandEvent(LogText{*stream, std::move(*text)});
}

}  // namespace

Result<std::optional<CommandEvent>> CommandStream::next() {
  auto value = values_.next();
  if (!value) return std::unexpected(std::move(value).error());
  if (!*value) return std::optional<CommandEvent>();
  auto event = eventFrom(**value);
  if (!event) return std::unexpected(std::move(event).error());
  return std::optional<CommandEvent>(std::move(*event));
}

}  // namespace mooring::vercel
