#include "daytona_account.hpp"
#include "errors.hpp"
#include "toolbox.hpp"

using namespace mooring;
using test::daytona::complaint;
using test::daytona::Wire;

namespace {

http::Response replyOf(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.requestId = "req-1";
  return response;
}

}  // namespace

TEST_CASE("daytona/errors: each reply becomes what the caller can act on", "[unit][daytona]") {
  struct Row {
    int status;
    const char* message;
    Errc code;
  };
  const auto row = GENERATE(values<Row>({
      {400, "Snapshot x is building", Errc::invalidArgument},
      {400, "Total CPU limit exceeded. Maximum allowed: 10.", Errc::quotaExceeded},
      {400, "Volume quota exceeded. Maximum allowed: 100", Errc::quotaExceeded},
      {400, "No available runners", Errc::unavailable},
      {400, "Volume 'x' is not in a ready state. Current state: creating", Errc::conflict},
      {401, "Invalid credentials", Errc::unauthenticated},
      {403, "Access denied", Errc::permissionDenied},
      {403, "Total CPU limit exceeded. Maximum allowed: 10.", Errc::quotaExceeded},
      {404, "Sandbox with ID or name x not found", Errc::notFound},
      {408, "request timeout", Errc::unavailable},
      {409, "Sandbox state change in progress", Errc::conflict},
      {422, "not supported", Errc::invalidArgument},
      {429, "ThrottlerException: Too Many Requests", Errc::rateLimited},
      {500, "An unexpected error occurred.", Errc::unavailable},
      {503, "Service is currently under maintenance", Errc::unavailable},
      {501, "Not Implemented", Errc::unsupported},
      {302, "", Errc::corrupted},
  }));
  const Wire wire;
  const auto error = errorFrom(
      *wire.account, replyOf(row.status, complaint(row.status, row.message)), "test");
  CAPTURE(describe(error));
  CHECK(toString(error.code) == toString(row.code));
  CHECK(error.message.find(row.message) != std::string::npos);
  CHECK(error.message.starts_with("cannot test: Daytona answered "));
  CHECK(error.provider == "daytona");
  CHECK(error.httpStatus == row.status);
  CHECK(error.requestId == "req-1");
}

TEST_CASE("daytona/errors: every shape of body is read, none is needed", "[unit][daytona]") {
  const auto message = [](std::string body) {
    return daytona::complaintOf(replyOf(500, std::move(body))).message;
  };
  CHECK(message("").empty());
  CHECK(message("plain words\nand more\n") == "plain words and more");
  CHECK(message("<html>no</html>").empty());
  CHECK(message(R"({"message":["a","b"]})") == "a, b");
  CHECK(message(R"({"error":"PTY session not found"})") == "PTY session not found");
  CHECK(message(R"({"errors":["/f: denied"],"files":[]})") == "/f: denied");
  CHECK(message(R"({"message":42})").empty());
  CHECK(message(std::string(5000, 'x')).size() < 1000);
}

TEST_CASE("daytona/errors: the key does not come back in a message", "[unit][daytona]") {
  const Wire wire;
  const auto body = complaint(401, std::string("no such key ") + test::daytona::key);
  const auto error = errorFrom(*wire.account, replyOf(401, body), "test");
  CHECK(describe(error).find(test::daytona::key) == std::string::npos);
  CHECK(error.message.find("***") != std::string::npos);
}
