#include <mooring/http/parsers/framed.hpp>
#include <mooring/http/parsers/multipart.hpp>
#include <mooring/http/parsers/ndjson.hpp>
#include <mooring/http/parsers/sse.hpp>
#include <mooring/http/parsers/tar.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/tasks.hpp"

#include <boost/json/serialize.hpp>

#include <functional>

using namespace mooring;

namespace {

/// Pushes `input` in pieces of `step` bytes and takes everything after each; finishes at the end. The answer
/// is a text of all events, so that any way of cutting can be compared with any other.
template <class Parser, class Take>
std::string fed(Parser parser, std::string_view input, std::size_t step, Take take) {
  std::string out;
  while (!input.empty()) {
    const auto piece = input.substr(0, step);
    input.remove_prefix(piece.size());
    parser.push(piece);
    if (!take(parser, out)) return out;
  }
  if constexpr (requires { parser.finish(); }) parser.finish();
  take(parser, out);
  return out;
}

/// The same answer for every way of cutting the input into equal pieces, and for the whole at once.
template <class Parser, class Take>
std::string however(const Parser& parser, std::string_view input, Take take) {
  const auto whole = fed(parser, input, input.size() + 1, take);
  for (std::size_t step = 1; step <= std::min<std::size_t>(input.size(), 700); ++step) {
    INFO("step " << step);
    const auto pieces = fed(parser, input, step, take);
    REQUIRE(pieces == whole);
  }
  return whole;
}

bool takeNdjson(http::Ndjson& parser, std::string& out) {
  for (;;) {
    auto value = parser.next();
    if (!value) {
      out += "!" + value.error().message;
      return false;
    }
    if (!*value) return true;
    out += boost::json::serialize(**value) + ";";
  }
}

bool takeEvents(http::ServerEvents& parser, std::string& out) {
  for (;;) {
    auto event = parser.next();
    if (!event) {
      out += "!";
      return false;
    }
    if (!*event) return true;
    out += (*event)->type + "|" + (*event)->data + "|" + (*event)->id + ";";
  }
}

/// Neighbouring pieces of one stream count as one.
bool takePieces(http::MarkedStreams& parser, std::string& out) {
  while (auto piece = parser.next()) {
    for (const char c : piece->bytes)
      out += std::to_string(piece->stream) + c;
  }
  return true;
}

bool takeFrames(http::Frames& parser, std::string& out) {
  for (;;) {
    auto frame = parser.next();
    if (!frame) {
      out += "!" + frame.error().message;
      return false;
    }
    if (!*frame) return true;
    out += std::to_string((*frame)->type) + ":" + std::string((*frame)->payload) + ";";
  }
}

bool takeParts(http::Multipart& parser, std::string& out) {
  for (;;) {
    auto event = parser.next();
    if (!event) {
      out += "!" + event.error().message;
      return false;
    }
    if (!*event) return true;
    switch ((*event)->kind) {
      case http::MultipartEvent::Kind::begin:
        out += "<" + (*event)->disposition("name").value_or("?") + "," +
               (*event)->disposition("filename").value_or("?") + ">";
        break;
      case http::MultipartEvent::Kind::data:
        out += (*event)->bytes;
        break;
      case http::MultipartEvent::Kind::end:
        out += "</>";
        break;
      case http::MultipartEvent::Kind::close:
        out += ".";
        break;
    }
  }
}

bool takeTar(http::TarReader& parser, std::string& out) {
  for (;;) {
    auto event = parser.next();
    if (!event) {
      out += "!" + event.error().message;
      return false;
    }
    if (!*event) return true;
    switch ((*event)->kind) {
      case http::TarEvent::Kind::entry: {
        const auto& entry = (*event)->entry;
        out += "<" + entry.path + " " + std::string(toString(entry.type)) + " " + std::to_string(entry.size) +
               " " + std::to_string(entry.mode) + " " + std::to_string(entry.modifiedAt) + " " +
               entry.linkTarget + ">";
        break;
      }
      case http::TarEvent::Kind::data:
        out += (*event)->bytes;
        break;
      case http::TarEvent::Kind::end:
        out += "</>";
        break;
      case http::TarEvent::Kind::close:
        out += ".";
        break;
    }
  }
}

std::string drained(std::shared_ptr<ByteSource> source, std::size_t step = 777) {
  auto all = [](std::shared_ptr<ByteSource> from, std::size_t size) -> Task<std::string> {
    std::string out;
    std::vector<std::byte> buffer(size);
    for (;;) {
      auto count = co_await from->read(buffer);
      if (!count) co_return std::unexpected(std::move(count).error());
      if (*count == 0) co_return out;
      out += asText(std::span(buffer).first(*count));
    }
  };
  auto result = test::run(all(std::move(source), step));
  REQUIRE(test::ok(result));
  return *result;
}

http::TarItem file(std::string path, std::string content, int mode = 0644) {
  http::TarItem item;
  item.entry.path = std::move(path);
  item.entry.size = content.size();
  item.entry.mode = mode;
  item.entry.modifiedAt = 1700000000;
  item.content = sourceOf(std::move(content));
  return item;
}

}  // namespace

TEST_CASE("ndjson: values come out however the bytes are cut", "[unit][transport]") {
  CHECK(however(http::Ndjson(), "{\"a\":1}\n\n  \r\n[2,\"\xC3\xBC\"]\r\n3", takeNdjson) ==
        "{\"a\":1};[2,\"\xC3\xBC\"];3;");
  CHECK(however(http::Ndjson(), "", takeNdjson).empty());
  CHECK(however(http::Ndjson(), "1\n{\"cut\":", takeNdjson).starts_with("1;!line 2: unreadable JSON"));
  CHECK(however(http::Ndjson(), "1\nnope\n2\n", takeNdjson).starts_with("1;!line 2: unreadable JSON"));
  http::NdjsonLimits limits;
  limits.line = 10;
  limits.depth = 2;
  CHECK(however(http::Ndjson(limits), "\"12345678\"\n", takeNdjson) == "\"12345678\";");
  CHECK(however(http::Ndjson(limits), "\"123456789\"\n", takeNdjson)
            .starts_with("!line 1: a line is longer than 10"));
  CHECK(however(http::Ndjson(limits), "[[[1]]]\n", takeNdjson).starts_with("!line 1"));
}

TEST_CASE("sse: events come out however the bytes are cut", "[unit][transport]") {
  CHECK(however(http::ServerEvents(),
                "\xEF\xBB\xBF"
                "data: a\ndata:b\n\n: comment\nevent: x\nid: 7\ndata\n\ndata: c\n\nevent: lost\n\n",
                takeEvents) == "message|a\nb|;x||7;message|c|7;");
  CHECK(however(http::ServerEvents(), "data: a\r\n\r\ndata: b\r\rdata: c\n\n", takeEvents) ==
        "message|a|;message|b|;message|c|;");
  CHECK(however(http::ServerEvents(), "data: cut off", takeEvents).empty());
  CHECK(however(http::ServerEvents(4), "data: 12345\n\n", takeEvents) == "!");
}

TEST_CASE("markers: streams are told apart however the bytes are cut", "[unit][transport]") {
  using namespace std::string_literals;
  const auto daytona = http::MarkedStreams::daytona();
  CHECK(however(daytona, "\1\1\1a\2\2\2b\1\1\1c", takePieces) == "1a2b1c");
  CHECK(however(daytona, "x\2\2\2y", takePieces) == "1x2y");
  CHECK(however(daytona, "\2\2\2a\1\1b\2\2", takePieces) == "2a2\0012\0012b2\0022\2"s);
  CHECK(however(daytona, "\1\1\1\1\1\1", takePieces).empty());
  CHECK(however(daytona, "", takePieces).empty());
}

TEST_CASE("frames: whole ones come out however the bytes are cut", "[unit][transport]") {
  const auto input = http::Frames::encode(1, "one") + http::Frames::encode(2, "") +
                     http::Frames::encode(255, std::string(300, 'x'));
  CHECK(however(http::Frames(), input, takeFrames) == "1:one;2:;255:" + std::string(300, 'x') + ";");
  CHECK(however(http::Frames(1000, 3), http::Frames::encode(1, "docker", 3), takeFrames) == "1:docker;");
  CHECK(however(http::Frames(), input.substr(0, 20), takeFrames).find("ends within a frame") !=
        std::string::npos);
  CHECK(however(http::Frames(2), input, takeFrames).starts_with("!a frame of 3 bytes"));
}

TEST_CASE("multipart: parts come out however the bytes are cut", "[unit][transport]") {
  const std::string input =
      "ignored\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/a b\"\r\nContent-Length: "
      "5\r\n\r\n"
      "one\r\n--\r\n-B\r\n--B  \r\nContent-Disposition: form-data; "
      "name=\"error\"\r\n\r\n\r\n--B\r\n\r\n\r\n--BB\r\n--B--\r\nepilogue";
  CHECK(however(http::Multipart("B"), input, takeParts) ==
        "<file,/a b>one\r\n--\r\n-B</><error,?></><?,?></>!a multipart boundary is followed by text");
  const std::string good =
      "--DAYTONA-FILE-BOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n" +
      std::string("\0\r\n-\r\n--DAYTONA-FILE-BOUNDAR", 27) + "\r\n--DAYTONA-FILE-BOUNDARY--\r\n";
  CHECK(however(http::Multipart("DAYTONA-FILE-BOUNDARY"), good, takeParts) ==
        "<file,x>" + std::string("\0\r\n-\r\n--DAYTONA-FILE-BOUNDAR", 27) + "</>.");
  CHECK(however(http::Multipart("B"), "--B--", takeParts) == ".");
  CHECK(however(http::Multipart("B"), "--B\r\nA: b\r\n\r\nhalf", takeParts) ==
        "<?,?>half!a multipart body ends before its closing boundary");
  CHECK(however(http::Multipart("B"), "", takeParts).starts_with("!"));
  CHECK(test::ok(http::Multipart::forContentType("multipart/form-data; boundary=\"x y\"")));
  CHECK(test::failsWith(http::Multipart::forContentType("application/json"), Errc::corrupted));
}

TEST_CASE("multipart: a form that was written is read back, and its length was known", "[unit][transport]") {
  http::MultipartForm form("bound-1");
  form.addField("files[0].path", "/tmp/a\"b");
  form.addFile("files[0].file", "a\"b", sourceOf("content\r\n--bound"), "text/plain");
  CHECK(form.contentType() == "multipart/form-data; boundary=bound-1");
  auto body = std::move(form).body();
  const auto size = body->size();
  const auto text = drained(std::move(body), 5);
  CHECK(size == text.size());
  CHECK(however(http::Multipart("bound-1"), text, takeParts) ==
        "<files[0].path,?>/tmp/a\"b</><files[0].file,a%22b>content\r\n--bound</>.");
}

TEST_CASE("tar: what was written is read back however the bytes are cut", "[unit][transport]") {
  const std::string longName = std::string(60, 'd') + "/" + std::string(120, 'n');
  std::vector<http::TarItem> items;
  items.push_back(file("a.txt", "hello", 0755));
  items.push_back(file("empty", ""));
  items.push_back(file("\xC3\xBC/" + longName, std::string(1500, 'x')));
  http::TarItem directory;
  directory.entry.path = "dir/";
  directory.entry.type = FileType::directory;
  directory.entry.mode = 0700;
  items.push_back(directory);
  http::TarItem link;
  link.entry.path = "link";
  link.entry.type = FileType::symlink;
  link.entry.linkTarget = "a.txt";
  items.push_back(link);
  const auto archive = drained(http::tarOf(std::move(items)));
  CHECK(archive.size() % 512 == 0);
  const auto read = however(http::TarReader(), archive, takeTar);
  CHECK(read.starts_with("<a.txt file 5 493 1700000000 >hello</><empty file 0 420 1700000000 ></><\xC3\xBC/" +
                         longName + " file 1500 420 1700000000 >" + std::string(1500, 'x') +
                         "</><dir/ directory 0 448 "));
  CHECK(read.find("<link symlink 0 ") != std::string::npos);
  CHECK(read.ends_with(" a.txt></>."));

  CHECK(however(http::TarReader(), archive.substr(0, 700), takeTar) ==
        "<a.txt file 5 493 1700000000 >hello</>!a tar archive ends before its end mark");
  auto broken = archive;
  broken[3] = 'X';
  CHECK(however(http::TarReader(), broken, takeTar).find("checksum") != std::string::npos);
  CHECK(however(http::TarReader(), std::string(1024, '\0'), takeTar) == ".");
}

TEST_CASE("tar: a gzip archive is smaller and the same each time", "[unit][transport]") {
  const auto packed = [] {
    std::vector<http::TarItem> items;
    items.push_back(file("zeros", std::string(std::size_t{1} << 20U, '0')));
    return drained(http::tarOf(std::move(items), http::TarCompression::gzip));
  };
  const auto once = packed();
  CHECK(once.starts_with("\x1F\x8B"));
  CHECK(once.size() < 20000);
  CHECK(once == packed());
}

TEST_CASE("tar: a file that changes its size while it is read is refused", "[unit][transport]") {
  for (const auto size : {4U, 6U}) {
    std::vector<http::TarItem> items;
    items.push_back(file("a", "hello"));
    items[0].entry.size = size;
    auto source = http::tarOf(std::move(items));
    auto all = [](std::shared_ptr<ByteSource> from) -> Task<void> {
      std::vector<std::byte> buffer(4096);
      for (;;) {
        auto count = co_await from->read(buffer);
        if (!count) co_return std::unexpected(std::move(count).error());
        if (*count == 0) co_return Result<void>();
      }
    };
    CHECK(test::failsWith(test::run(all(source)), Errc::invalidArgument, "changed its size"));
  }
}
