#include "support/scripted_transport.hpp"

#include <mooring/http/url.hpp>

namespace mooring::test {

namespace {

/// Delivers as the engine does: the sink that the request chooses gets the body.
Task<http::Response> deliver(http::Request request, http::Response response) {
  response.url = request.target;
  auto sink = request.sink ? request.sink(response) : nullptr;
  if (!sink) co_return response;
  const auto body = std::exchange(response.body, {});
  auto written = co_await sink->write(asBytes(body));
  if (!written) co_return std::unexpected(std::move(written).error());
  co_return response;
}

Task<http::Response> refuse(Error error) { co_return std::unexpected(std::move(error)); }

}  // namespace

void ScriptedTransport::reply(int status, std::string body, http::Headers headers) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  answers_.emplace_back([response](http::Request request) { return deliver(std::move(request), response); });
}

void ScriptedTransport::fail(Error error) {
  answers_.emplace_back([error](http::Request) { return refuse(error); });
}

void ScriptedTransport::answer(std::function<Task<http::Response>(http::Request)> answer) {
  answers_.push_back(std::move(answer));
}

Task<http::Response> ScriptedTransport::send(http::Request request) {
  sent_.push_back(request);
  sent_.back().sink = nullptr;  // It may lead back to whoever holds this transport.
  if (answers_.empty()) {
    co_return failure(
        Errc::internal,
        "the script has no answer to request " + std::to_string(sent_.size()) + ": " + request.target);
  }
  auto answer = std::move(answers_.front());
  answers_.pop_front();
  co_return co_await answer(std::move(request));
}

}  // namespace mooring::test
