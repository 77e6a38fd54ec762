#include "errors.hpp"
#include "sprites_account.hpp"

using namespace mooring;

namespace {

struct Case {
  int status;
  std::string body;
  Errc code;
};

http::Response response(int status, std::string body) {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

constexpr const char* limited =
    R"({"error":"sprite_creation_rate_limited","message":"too many","limit":10,"window_seconds":60,)"
    R"("retry_after_seconds":30,"current_count":10,"upgrade_available":true})";

}  // namespace

TEST_CASE("sprites/errors: what each answer means", "[unit][sprites]") {
  const auto [status, body, code] = GENERATE(values<Case>({
      {400, R"({"error":"name is required"})", Errc::invalidArgument},
      {400, R"({"errors":["invalid wait_for_capacity parameter"]})", Errc::invalidArgument},
      {400, R"({"error":"sprite with this name already exists"})", Errc::conflict},
      {401, R"({"error":"authentication failed"})", Errc::unauthenticated},
      {402, "", Errc::quotaExceeded},
      {403, R"({"error":"forbidden"})", Errc::permissionDenied},
      {404, R"({"error":"sprite not found"})", Errc::notFound},
      {404, "session not found: 1847", Errc::notFound},
      {408, "", Errc::unavailable},
      {409, R"({"error":"sprite already exists"})", Errc::conflict},
      {410, "gone", Errc::notFound},
      {414, "<html><h1>414 Request-URI Too Large</h1></html>", Errc::invalidArgument},
      {429, limited, Errc::rateLimited},
      {429, R"({"error":"concurrent_sprite_limit_exceeded","message":"x"})", Errc::quotaExceeded},
      {500, R"({"error":"internal"})", Errc::unavailable},
      {501, R"({"error":"not here"})", Errc::unsupported},
      {502, "<html>bad gateway</html>", Errc::unavailable},
      {302, "", Errc::corrupted},
      // The file system's own, with and without a code.
      {404, R"({"error":"open /x: no such file or directory","path":"/x","code":"ENOENT"})", Errc::notFound},
      {404, R"({"error":"open /x: no such file or directory","path":"/x"})", Errc::notFound},
      {500, R"({"error":"read /x: is a directory","path":"/x"})", Errc::invalidArgument},
      {403, R"({"error":"open /x: permission denied","path":"/x","code":"EACCES"})", Errc::permissionDenied},
      {500, R"({"error":"write /x: no space left on device","path":"/x"})", Errc::quotaExceeded},
      {500, R"({"error":"something else","path":"/x"})", Errc::unavailable},
  }));
  const test::sprites::Wire wire;
  const auto error = sprites::errorFrom(*wire.account, response(status, body), "do it");
  INFO(status << " " << body);
  CHECK(toString(error.code) == toString(code));
  CHECK(error.httpStatus == status);
  CHECK(error.provider == "sprites");
  CHECK(error.message.starts_with("cannot do it: Sprites answered " + std::to_string(status)));
  CHECK(error.message.find('\n') == std::string::npos);
  CHECK(error.message.find('<') == std::string::npos);
}

TEST_CASE("sprites/errors: a limit says when to come again", "[unit][sprites]") {
  const test::sprites::Wire wire;
  auto answer = response(429, limited);
  answer.retryAfter = std::chrono::seconds(5);
  const auto error = sprites::errorFrom(*wire.account, answer, "create");
  CHECK(error.retryAfter == std::chrono::seconds(30));  // The body is exact.
  CHECK(error.message.find("too many") != std::string::npos);
}

TEST_CASE("sprites/errors: the token is in none of them", "[unit][sprites]") {
  const test::sprites::Wire wire;
  const auto body = std::string(R"({"error":"bad token )") + test::sprites::token + "\"}";
  const auto error = sprites::errorFrom(*wire.account, response(400, body), "do it");
  CHECK(error.message.find("very-secret") == std::string::npos);
  CHECK(error.message.find("***") != std::string::npos);
}
