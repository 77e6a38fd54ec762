#include "toolbox/form.hpp"

#include "toolbox/errors.hpp"

#include <algorithm>
#include <cstring>

namespace mooring::daytona::emulator {

namespace {

std::unexpected<Error> malformed(const Error& error) {
  return refusal(400, "INVALID_REQUEST_BODY", "the form cannot be read: " + error.message);
}

}  // namespace

Result<std::shared_ptr<Form>> Form::of(emulation::ExchangePtr exchange) {
  const auto type = exchange->request().headers.get("Content-Type").value_or("");
  auto parser = http::Multipart::forContentType(type);
  if (!parser) return malformed(parser.error());
  return std::shared_ptr<Form>(new Form(std::move(exchange), std::move(*parser)));
}

Task<http::MultipartEvent> Form::event() {
  while (true) {
    auto event = parser_.next();
    if (!event) co_return malformed(event.error());
    if (*event) co_return std::move(**event);
    auto size = co_await exchange_->read(chunk_);
    if (!size) co_return std::unexpected(std::move(size).error());
    if (*size == 0) {
      parser_.finish();
    } else {
      parser_.push(asText(std::span<const std::byte>(chunk_).first(*size)));
    }
  }
}

Task<std::optional<FormPart>> Form::next() {
  using Kind = http::MultipartEvent::Kind;
  pending_ = {};
  while (true) {
    auto event = co_await this->event();
    if (!event) co_return std::unexpected(std::move(event).error());
    if (event->kind == Kind::close) co_return std::optional<FormPart>();
    if (event->kind != Kind::begin) continue;
    inPart_ = true;
    bytesRead_ = 0;
    FormPart part;
    part.name = event->disposition("name").value_or("");
    part.filename = event->disposition("filename").value_or("");
    co_return std::optional(std::move(part));
  }
}

Task<std::size_t> Form::read(std::span<std::byte> buffer) {
  while (inPart_ && pending_.empty()) {
    auto event = co_await this->event();
    if (!event) co_return std::unexpected(std::move(event).error());
    if (event->kind == http::MultipartEvent::Kind::data) {
      pending_ = event->bytes;
    } else {
      inPart_ = false;
    }
  }
  const auto size = std::min(buffer.size(), pending_.size());
  if (size > 0) std::memcpy(buffer.data(), pending_.data(), size);
  pending_.remove_prefix(size);
  bytesRead_ += size;
  co_return size;
}

Task<std::string> partText(std::shared_ptr<Form> form, std::size_t limit) {
  std::string text;
  std::array<std::byte, 4096> buffer = {};
  while (true) {
    auto size = co_await form->read(buffer);
    if (!size) co_return std::unexpected(std::move(size).error());
    if (*size == 0) co_return text;
    text += asText(std::span<const std::byte>(buffer).first(*size));
    if (text.size() > limit) co_return refusal(400, "BAD_REQUEST", "a field of the form is too long");
  }
}

}  // namespace mooring::daytona::emulator
