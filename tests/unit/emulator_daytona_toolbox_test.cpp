// The toolbox's parts that need no sandbox. Everything else is in tests/sdk.
#include "support/catch.hpp"
#include "toolbox/git_status.hpp"
#include "toolbox/session_log.hpp"
#include "toolbox/session_replies.hpp"
#include "toolbox/signed_links.hpp"
#include "toolbox/text.hpp"

#include <boost/json/serialize.hpp>

using namespace mooring;
using namespace mooring::daytona::emulator;

TEST_CASE("daytona toolbox/text: what is no UTF-8 is replaced byte by byte", "[unit][emulation]") {
  CHECK(validUtf8("plain \xC3\xA4 \xF0\x9F\x9A\xA2") == "plain \xC3\xA4 \xF0\x9F\x9A\xA2");
  CHECK(validUtf8("a\xFF\x62") == "a\xEF\xBF\xBD\x62");
  CHECK(validUtf8("\xC3") == "\xEF\xBF\xBD");
  // Longer than need be, and half of a surrogate pair.
  CHECK(validUtf8("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(validUtf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("daytona toolbox/sessions: output is cut where a command ended, whatever the pieces",
          "[unit][emulation]") {
  const std::string stream = "one\n\x1e not a mark\x1e" + std::string("\x1e") +
                             "c1:7\x1e"
                             "late";
  const auto size = GENERATE(std::size_t(1), std::size_t(2), std::size_t(5), std::size_t(1000));
  SessionCutter cutter;
  std::string first;
  std::string second;
  std::optional<int> code;
  for (std::size_t i = 0; i < stream.size(); i += size) {
    cutter.push(stream.substr(i, size));
    while (auto piece = cutter.next(code ? "c2" : "c1")) {
      (code ? second : first) += piece->bytes;
      if (piece->exitCode) code = piece->exitCode;
    }
  }
  CHECK(first == "one\n\x1e not a mark\x1e");
  CHECK(code == 7);
  CHECK(second == "late");
}

TEST_CASE("daytona toolbox/sessions: a log has whole lines behind their markers", "[unit][emulation]") {
  SessionLog log;
  log.add(Stream::out, "a");
  log.add(Stream::err, std::string_view("e\0rr\nun", 7));
  log.add(Stream::out, "b\n");
  CHECK(log.marked() ==
        "\x02\x02\x02"
        "err\n"
        "\x01\x01\x01"
        "ab\n");
  log.close(Stream::err);
  log.close(Stream::out);
  CHECK(log.err() == "err\nun\n");
  CHECK(log.plain() == "err\nab\nun\n");
}

TEST_CASE("daytona toolbox/sessions: the client's version says in which form it reads logs",
          "[unit][emulation]") {
  const auto formFor = [](const char* version) {
    emulation::Request request;
    request.headers.add("X-Daytona-SDK-Version", version);
    return logFormOf(request);
  };
  CHECK(formFor("0.26.9") == LogForm::plain);
  CHECK(formFor("0.27.0") == LogForm::marked);
  CHECK(formFor("0.166.5") == LogForm::marked);
  CHECK(formFor("0.167.0") == LogForm::parts);
  CHECK(formFor("1.0.0") == LogForm::parts);
  CHECK(formFor("0.0.0-dev") == LogForm::parts);
  emulation::Request request;
  CHECK(logFormOf(request) == LogForm::plain);
  request.headers.add("X-Daytona-Split-Output", "true");
  CHECK(logFormOf(request) == LogForm::marked);
}

TEST_CASE("daytona toolbox/links: signatures are those of the vendor's client", "[unit][emulation]") {
  CHECK(linkSignature("sk-test", "POST", "/tmp/a", "0") == "v1_WlZXToBuoYyyVk4pyQR-cxXgFnt2jZ2AYvdSEKVJf0I");
  CHECK(linkSignature("sk-test", "GET", "/tmp/a b", "1795233502") ==
        "v1_KAk892U3th2s2q5w1orcOJ_eVVdI5BO17r2fdHQrgOw");
}

TEST_CASE("daytona toolbox/git: a status is told in the daemon's words", "[unit][emulation]") {
  constexpr char porcelain[] =
      "# branch.oid 1\0# branch.head main\0# branch.upstream origin/main\0# branch.ab +2 -1\0"
      "1 .M N... 100644 100644 100644 a b a file\0"
      "2 R. N... 100644 100644 100644 a b R100 new name\0old name\0"
      "u UU N... 100644 100644 100644 100644 a b c both\0"
      "? loose\0";
  const auto status = gitStatus(std::string_view(porcelain, sizeof porcelain - 1));
  CHECK(status.at("currentBranch") == "main");
  CHECK(status.at("upstream") == "origin/main");
  CHECK(status.at("branchPublished") == true);
  CHECK(status.at("ahead") == 2);
  CHECK(status.at("behind") == 1);
  CHECK(boost::json::serialize(status.at("fileStatus")) ==
        R"([{"name":"a file","staging":"Unmodified","worktree":"Modified","extra":""},)"
        R"({"name":"new name","staging":"Renamed","worktree":"Unmodified","extra":"old name"},)"
        R"({"name":"both","staging":"Updated but unmerged","worktree":"Updated but unmerged","extra":""},)"
        R"({"name":"loose","staging":"Untracked","worktree":"Untracked","extra":""}])");
}
