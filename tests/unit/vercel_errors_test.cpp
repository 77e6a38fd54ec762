#include "errors.hpp"
#include "vercel_account.hpp"

using namespace mooring;

namespace {

struct Case {
  int status;
  std::string body;
  Errc code;
};

std::string complaint(const std::string& code, const std::string& message) {
  return R"({"error":{"code":")" + code + R"(","message":")" + message + R"("}})";
}

http::Response response(int status, std::string body) {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

}  // namespace

TEST_CASE("vercel/errors: what each answer means", "[unit][vercel]") {
  const auto [status, body, code] = GENERATE(values<Case>({
      {400, complaint("bad_request", "A sandbox with the name 'x' already exists"), Errc::conflict},
      {400, complaint("bad_request", "Invalid request: `ports` should NOT have"), Errc::invalidArgument},
      {400, complaint("executable_not_found", "sh"), Errc::notFound},
      {400, complaint("snapshot_not_found", "x"), Errc::notFound},
      {400, complaint("file_error", "x"), Errc::invalidArgument},
      {400, complaint("image_not_ready", "x"), Errc::unavailable},
      {401, complaint("forbidden", "x"), Errc::unauthenticated},
      {402, complaint("payment_required", "x"), Errc::quotaExceeded},
      {403,
       R"({"error":{"code":"forbidden","message":"Not authorized","invalidToken":true}})",
       Errc::unauthenticated},
      {403, complaint("forbidden", "Not authorized"), Errc::permissionDenied},
      {404, complaint("not_found", "x"), Errc::notFound},
      {408, "", Errc::unavailable},
      {409, complaint("conflict", "x"), Errc::conflict},
      {410, complaint("sandbox_stopped", "x"), Errc::notRunning},
      {410, complaint("snapshot_not_found", "x"), Errc::notFound},
      {422, complaint("sandbox_stopping", "x"), Errc::notRunning},
      {422, complaint("sandbox_snapshotting", "x"), Errc::notRunning},
      {422, complaint("other", "x"), Errc::invalidArgument},
      {429, complaint("rate_limited", "x"), Errc::rateLimited},
      {429, complaint("rate_limited", "The concurrency limit has been exceeded."), Errc::quotaExceeded},
      {500, complaint("internal_server_error", "x"), Errc::unavailable},
      {502, "<html>", Errc::unavailable},
      {302, "", Errc::corrupted},
  }));
  const test::vercel::Wire wire;
  const auto error = vercel::errorFrom(*wire.account, response(status, body), "do it");
  INFO(status << " " << body);
  CHECK(toString(error.code) == toString(code));
  CHECK(error.httpStatus == status);
  CHECK(error.provider == "vercel");
  CHECK(error.message.starts_with("cannot do it: Vercel answered " + std::to_string(status)));
  CHECK(error.message.find('<') == std::string::npos);
}

TEST_CASE("vercel/errors: a message of the server's is one short line without our token", "[unit][vercel]") {
  const test::vercel::Wire wire;
  const auto said = complaint("x",
                              std::string(test::vercel::token) + "\\nnext line " + std::string(900, 'y'));
  const auto error = vercel::errorFrom(*wire.account, response(500, said), "do it");
  CHECK(error.message.find(test::vercel::token) == std::string::npos);
  CHECK(error.message.find('\n') == std::string::npos);
  CHECK(error.message.find("*** next line") != std::string::npos);
  CHECK(error.message.size() < 500);
}
