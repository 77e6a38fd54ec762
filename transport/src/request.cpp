#include <mooring/http/request.hpp>
#include <mooring/http/transport.hpp>

namespace mooring::http {

Body::Body(std::string bytes) {
  if (!bytes.empty()) content_ = std::make_shared<const std::string>(std::move(bytes));
}

Body Body::stream(std::shared_ptr<ByteSource> source) {
  Body body;
  if (!source) return body;
  body.content_ = Open(
      [source = std::move(source)]() -> Result<std::shared_ptr<ByteSource>> { return source; });
  return body;
}

Body Body::replayable(Open open, std::function<bool()> still) {
  Body body;
  body.content_ = std::move(open);
  body.still_ = std::move(still);
  body.replayable_ = true;
  return body;
}

const std::string* Body::text() const {
  const auto* bytes = std::get_if<std::shared_ptr<const std::string>>(&content_);
  return bytes ? bytes->get() : nullptr;
}

Result<std::shared_ptr<ByteSource>> Body::open() const {
  const auto* open = std::get_if<Open>(&content_);
  if (!open) return failure(Errc::internal, "a body that is no stream was opened as one");
  auto source = (*open)();
  if (source && !*source) return failure(Errc::internal, "the body's stream is null");
  return source;
}

SinkChooser whenOk(std::shared_ptr<ByteSink> sink) {
  return [sink = std::move(sink)](const Response& head) { return head.ok() ? sink : nullptr; };
}

bool isSafe(const Request& request) {
  switch (request.idempotency) {
    case Idempotency::safe:
      return true;
    case Idempotency::unsafe:
      return false;
    case Idempotency::byMethod:
      break;
  }
  return request.method != Method::post && request.method != Method::patch;
}

bool mayHaveHappened(const Error& error) {
  if (error.code == Errc::outcomeUnknown) return true;
  return error.cause && mayHaveHappened(*error.cause);
}

}  // namespace mooring::http
