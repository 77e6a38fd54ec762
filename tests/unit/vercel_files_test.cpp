#include <mooring/detail/base64.hpp>

#include "apis.hpp"
#include "upload.hpp"
#include "vercel_account.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace mooring;
using test::failsWith;
using test::ok;
using test::vercel::instance;
using Sent = std::vector<std::string>;

namespace {

const std::string session = "POST /v2/sandboxes/sessions/sbx_1";

std::string record(const std::string& stream, const std::string& bytes) {
  boost::json::object out;
  out["stream"] = stream;
  out["data"] = detail::encodeBase64(bytes) + "\n";
  return boost::json::serialize(out) + "\n";
}

struct FileCalls : test::vercel::Wire {
  vercel::Files files{account};
  CallOptions call;

  /// The answer to a script; each execution has its own mark.
  void ran(int exitCode, const std::string& out = std::string(), const std::string& err = std::string()) {
    wire->answer([exitCode, out, err](http::Request request) {
      return answer(std::move(request), exitCode, out, err);
    });
  }
  static Task<http::Response> answer(http::Request request, int exitCode, std::string out, std::string err) {
    const auto sent = boost::json::parse(*request.body.text());
    const std::string mark(sent.at("args").at(4).get_string());
    const auto line = [](const std::string& code) {
      return R"({"command":{"id":"cmd_1","args":[],"exitCode":)" + code + "}}\n";
    };
    const auto body = line("null") + record("stdout", out + mark) + record("stderr", err + mark) +
                      line(std::to_string(exitCode));
    http::Response head;
    head.status = 200;
    auto sink = request.sink(head);
    auto written = co_await sink->write(asBytes(body));
    if (!written) co_return std::unexpected(std::move(written).error());
    co_return head;
  }
};

class StringSink final : public ByteSink {
 public:
  Task<void> write(std::span<const std::byte> bytes) override {
    text += asText(bytes);
    co_return Result<void>();
  }
  std::string text;
};

/// Says nothing of its length.
class Unsized final : public ByteSource {
 public:
  explicit Unsized(std::string bytes) : inner_(sourceOf(std::move(bytes))) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override { return inner_->read(buffer); }

 private:
  std::shared_ptr<ByteSource> inner_;
};

}  // namespace

TEST_CASE("vercel/files: any number of files are two requests", "[unit][vercel]") {
  FileCalls calls;
  calls.wire->reply(200, "{}");
  calls.ran(0);
  auto left = std::make_shared<int>(3);
  auto next = [left]() -> std::optional<FileUpload> {
    if ((*left)-- == 0) return std::nullopt;
    return FileUpload{.path = "f" + std::to_string(*left), .source = sourceOf("bytes")};
  };
  REQUIRE(ok(test::run(calls.files.writeMany(instance(), next, calls.call))));
  CHECK(calls.sent() == Sent{session + "/fs/write", session + "/cmd"});
}

TEST_CASE("vercel/files: a source that fails is cleaned up after, and its error is the answer",
          "[unit][vercel]") {
  class Failing final : public ByteSource {
   public:
    Task<std::size_t> read(std::span<std::byte>) override { co_return failure(Errc::corrupted, "it broke"); }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return 5; }
  };
  FileCalls calls;
  calls.ran(0);
  const auto written = test::run(calls.files.write(
      instance(), SandboxPath("f"), std::make_shared<Failing>(), WriteOptions(), calls.call));
  CHECK(failsWith(written, Errc::corrupted, "it broke"));
  CHECK(calls.sent() == Sent{session + "/cmd"});
}

TEST_CASE("vercel/files: reading is one request, and a missing file is notFound", "[unit][vercel]") {
  FileCalls calls;
  auto sink = std::make_shared<StringSink>();
  calls.wire->reply(200, "0123456789");
  REQUIRE(ok(test::run(calls.files.read(instance(), SandboxPath("f"), 4, sink, calls.call))));
  CHECK(sink->text == "456789");
  CHECK(calls.sent() == Sent{session + "/fs/read"});
  CHECK(calls.body(0) == R"({"path":"f"})");

  calls.refuse(404, "not_found", "File not found.");
  CHECK(failsWith(test::run(calls.files.read(instance(), SandboxPath("f"), 0, sink, calls.call)),
                  Errc::notFound));
  CHECK(calls.wire->count() == 2);

  // The same status for a session that is no more.
  calls.refuse(404, "not_found", "Session not found.");
  calls.refuse(404, "not_found");
  CHECK(
      failsWith(test::run(calls.files.read(instance(), SandboxPath("f"), 0, sink, calls.call)), Errc::gone));
}

TEST_CASE("vercel/files: a name that is not UTF-8 is read by a command", "[unit][vercel]") {
  FileCalls calls;
  auto sink = std::make_shared<StringSink>();
  calls.ran(0, "b\xFFytes");
  REQUIRE(ok(test::run(calls.files.read(instance(), SandboxPath("\xFF"), 1, sink, calls.call))));
  CHECK(sink->text == "\xFFytes");
  CHECK(calls.sent() == Sent{session + "/cmd"});
}

TEST_CASE("vercel/files: what scripts answer is what it means", "[unit][vercel]") {
  struct Case {
    int exitCode;
    std::string err;
    Errc code;
  };
  const auto [exitCode, err, code] = GENERATE(values<Case>({
      {94, "", Errc::notFound},
      {95, "", Errc::invalidArgument},
      {96, "", Errc::conflict},
      {1, "mv: cannot move 'a' to 'b': No such file or directory", Errc::notFound},
      {1, "rm: cannot remove 'a': Permission denied", Errc::permissionDenied},
      {1, "mv: cannot create 'a': Read-only file system", Errc::permissionDenied},
      {1, "mv: write error: No space left on device", Errc::quotaExceeded},
      {1, "mv: cannot overwrite non-directory", Errc::conflict},
      {1, "something else", Errc::unavailable},
  }));
  FileCalls calls;
  calls.ran(exitCode, "", err);
  const auto moved = test::run(calls.files.move(instance(), SandboxPath("a"), SandboxPath("b"), calls.call));
  CHECK(failsWith(moved, code, "cannot move a to b"));
}
