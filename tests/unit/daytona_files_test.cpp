// Files of the Daytona provider over HTTP against real shells.
#include "daytona_guest.hpp"
#include "files.hpp"
#include "files/listing.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <sys/stat.h>

namespace fs = std::filesystem;

namespace mooring::test::daytona {
namespace {

class Kept final : public ByteSink {
 public:
  Task<void> write(std::span<const std::byte> bytes) override {
    text += asText(bytes);
    co_return Result<void>();
  }
  std::string text;
};

struct FilesWorld : GuestWorld {
  explicit FilesWorld(mooring::daytona::UploadLimits limits = mooring::daytona::UploadLimits())
      : files(account, limits) {}

  Result<void> write(std::string path, std::string bytes, std::optional<int> mode = std::nullopt) {
    WriteOptions options;
    options.mode = mode;
    return test::run(files.write(instance, path, sourceOf(std::move(bytes)), options, CallOptions()));
  }
  Result<std::string> read(std::string path, std::uint64_t offset = 0) {
    auto kept = std::make_shared<Kept>();
    auto done = test::run(files.read(instance, path, offset, kept, CallOptions()));
    if (!done) return std::unexpected(done.error());
    return kept->text;
  }
  Result<void> writeMany(std::vector<std::pair<std::string, std::string>> all) {
    auto next = [all = std::move(all), i = std::size_t{0}]() mutable -> std::optional<FileUpload> {
      if (i == all.size()) return std::nullopt;
      FileUpload upload;
      upload.path = all[i].first;
      upload.source = sourceOf(all[i].second);
      ++i;
      return upload;
    };
    std::function<std::optional<FileUpload>()> given = std::move(next);
    return test::run(files.writeMany(instance, std::move(given), CallOptions()));
  }
  [[nodiscard]] int mode(const std::string& path) const {
    struct stat facts = {};
    REQUIRE(::lstat((guest.home() / path).c_str(), &facts) == 0);
    return static_cast<int>(facts.st_mode & 07777U);
  }

  mooring::daytona::Files files;
};

std::string noise(std::size_t size) {
  std::string out;
  std::uint64_t state = 7;
  while (out.size() < size) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    out += static_cast<char>(state >> 56);
  }
  return out;
}

TEST_CASE("daytona/files: small files are written by one request, others by two", "[unit][daytona][files]") {
  FilesWorld world;
  const std::vector<std::string> one{"POST /process/execute"};
  const std::vector<std::string> two{"POST /files/bulk-upload", "POST /process/execute"};
  REQUIRE(ok(world.write("new/folder/file", "text")));
  CHECK(world.guest.requests() == one);
  CHECK(readFile(world.guest.home() / "new/folder/file") == "text");
  CHECK(world.mode("new/folder/file") == 0644);
  CHECK(world.mode("new/folder") == 0755);

  world.guest.forgetRequests();
  std::vector<std::pair<std::string, std::string>> ten;
  ten.reserve(10);
  for (int i = 0; i < 10; ++i)
    ten.emplace_back("ten/" + std::to_string(i), noise(static_cast<std::size_t>(i) * 100));
  REQUIRE(ok(world.writeMany(ten)));
  CHECK(world.guest.requests() == one);
  for (const auto& [path, bytes] : ten)
    CHECK((readFile(world.guest.home() / path) == bytes));

  world.guest.forgetRequests();
  REQUIRE(ok(world.write("large", noise(1'000'000), 0755)));
  CHECK(world.guest.requests() == two);
  CHECK((readFile(world.guest.home() / "large") == noise(1'000'000)));
  CHECK(world.mode("large") == 0755);

  world.guest.forgetRequests();
  ten.emplace_back("ten/large", noise(300'000));
  REQUIRE(ok(world.writeMany(ten)));
  CHECK(world.guest.requests() == two);
  CHECK((readFile(world.guest.home() / "ten/large") == noise(300'000)));
  CHECK(readFile(world.guest.home() / "ten/9") == ten[9].second);

  world.guest.forgetRequests();
  CHECK(world.read("ten/9").value() == ten[9].second);
  CHECK(world.guest.requests() == std::vector<std::string>{"GET /files/download"});
}

TEST_CASE("daytona/files: above the limit a file goes in pieces and arrives whole",
          "[unit][daytona][files]") {
  FilesWorld world({.together = 1000, .piece = 4096, .filesAtOnce = 3, .pathBytesAtOnce = 1000});
  const auto size = static_cast<std::size_t>(GENERATE(4095, 4096, 4097, 8192, 30'000));
  REQUIRE(ok(world.write("file", "old", 0600)));
  world.guest.onRequest([&](Exchange& exchange, int number) {
    if (number % 3 != 0) return false;
    // It has arrived; its sender does not learn of that.
    exchange.readBody();
    if (exchange.request().target.ends_with("/process/execute"))
      (void)world.guest.execute(
          std::string(boost::json::parse(exchange.request().body).at("command").as_string()));
    exchange.reset();
    return true;
  });
  REQUIRE(ok(world.write("file", noise(size))));
  CHECK((readFile(world.guest.home() / "file") == noise(size)));
  CHECK(world.mode("file") == 0600);
  for (const auto& entry : fs::directory_iterator(world.guest.runs()))
    CHECK_FALSE(entry.path().filename().string().starts_with("up-"));

  world.guest.onRequest(nullptr);
  std::vector<std::pair<std::string, std::string>> many;
  many.reserve(8);
  for (int i = 0; i < 8; ++i)
    many.emplace_back("many/" + std::to_string(i), noise(static_cast<std::size_t>(i) * 900));
  REQUIRE(ok(world.writeMany(many)));
  for (const auto& [path, bytes] : many)
    CHECK((readFile(world.guest.home() / path) == bytes));
}

TEST_CASE("daytona/files: a damaged piece is noticed, and the old content stays", "[unit][daytona][files]") {
  FilesWorld world({.together = 1000, .piece = 4096});
  REQUIRE(ok(world.write("file", "old")));
  world.guest.onRequest([&](Exchange& exchange, int) {
    if (exchange.request().target.ends_with("/process/execute")) {
      for (const auto& entry : fs::directory_iterator(world.guest.runs())) {
        if (entry.path().filename().string().starts_with("up-"))
          writeFile(entry.path() / "2", "something else");
      }
    }
    return false;
  });
  CHECK(failsWith(world.write("file", noise(10'000)), Errc::corrupted));
  CHECK(readFile(world.guest.home() / "file") == "old");
  CHECK(std::distance(fs::directory_iterator(world.guest.home()), fs::directory_iterator()) == 1);
}

TEST_CASE("daytona/files: names are bytes", "[unit][daytona][files]") {
  FilesWorld world;
  const std::string name = GENERATE("plain",
                                    "with space",
                                    "new\nline",
                                    "\xFF\xFE",
                                    "-rf",
                                    "it's",
                                    "$HOME",
                                    "*",
                                    "trailing ",
                                    "trailing\n",
                                    "a&b?c=d#e%20f",
                                    "back\\slash",
                                    "~",
                                    "\xC3\xA9");
  INFO(name);
  const auto path = "odd/" + name;
  REQUIRE(ok(world.write(path, name, 0640)));
  CHECK(world.read(path).value() == name);
  const auto listed = test::run(world.files.list(world.instance, "odd", CallOptions()));
  REQUIRE(ok(listed));
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().name == name);
  CHECK(listed->front().mode == 0640);
  const auto info = test::run(world.files.stat(world.instance, path, CallOptions()));
  REQUIRE(ok(info));
  CHECK(info->name == name);
  CHECK(info->size == name.size());
  REQUIRE(ok(test::run(world.files.setMode(world.instance, path, 0600, CallOptions()))));
  CHECK(world.mode(path) == 0600);
  REQUIRE(ok(test::run(world.files.move(world.instance, path, path + "2", CallOptions()))));
  REQUIRE(ok(test::run(world.files.remove(world.instance, path + "2", RemoveMode::file, CallOptions()))));
  CHECK(fs::is_empty(world.guest.home() / "odd"));
}

TEST_CASE("daytona/files: a symlink is told, listed with its target, and written through",
          "[unit][daytona][files]") {
  FilesWorld world;
  REQUIRE(ok(world.write("d/file", "x")));
  fs::create_symlink("file", world.guest.home() / "d/link");
  fs::create_symlink("no\nwhere", world.guest.home() / "d/bro\nken");
  const auto listed = test::run(world.files.list(world.instance, "d", CallOptions()));
  REQUIRE(ok(listed));
  REQUIRE(listed->size() == 3);
  CHECK((*listed)[0].linkTarget == "no\nwhere");
  CHECK((*listed)[2].linkTarget == "file");
  const auto info = test::run(world.files.stat(world.instance, "d/bro\nken", CallOptions()));
  REQUIRE(ok(info));
  CHECK(toString(info->type) == "symlink");
  CHECK(info->linkTarget == "no\nwhere");
  REQUIRE(ok(world.write("d/link", "through")));
  CHECK(fs::is_symlink(world.guest.home() / "d/link"));
  CHECK(readFile(world.guest.home() / "d/file") == "through");
}

TEST_CASE("daytona/files: what is in the way is said by its path", "[unit][daytona][files]") {
  FilesWorld world;
  fs::create_directories(world.guest.home() / "folder/sub");
  REQUIRE(ok(world.write("file", "x")));
  CHECK(failsWith(world.write("folder", "x"), Errc::conflict, "folder"));
  CHECK(failsWith(world.write("file/below", "x"), Errc::conflict));
  CHECK(
      failsWith(world.writeMany({{"one", "1"}, {"folder", "2"}, {"three", "3"}}), Errc::conflict, "folder"));
  CHECK(readFile(world.guest.home() / "one") == "1");
  CHECK(readFile(world.guest.home() / "three") == "3");
  CHECK(failsWith(test::run(world.files.makeDirectory(world.instance, "file", 0755, CallOptions())),
                  Errc::conflict));
  CHECK(failsWith(test::run(world.files.remove(world.instance, "folder", RemoveMode::file, CallOptions())),
                  Errc::conflict));
  CHECK(failsWith(test::run(world.files.list(world.instance, "file", CallOptions())), Errc::invalidArgument));
  for (const auto* path : {"absent", "no/such/folder/file", "/no/such"}) {
    CHECK(failsWith(world.read(path), Errc::notFound));
    CHECK(failsWith(test::run(world.files.stat(world.instance, path, CallOptions())), Errc::notFound));
    CHECK(failsWith(test::run(world.files.list(world.instance, path, CallOptions())), Errc::notFound));
    CHECK(failsWith(test::run(world.files.remove(world.instance, path, RemoveMode::tree, CallOptions())),
                    Errc::notFound));
    CHECK(failsWith(test::run(world.files.move(world.instance, path, "to", CallOptions())), Errc::notFound));
    CHECK(
        failsWith(test::run(world.files.setMode(world.instance, path, 0600, CallOptions())), Errc::notFound));
  }
}

TEST_CASE("daytona/files: a download that breaks off goes on where it stopped", "[unit][daytona][files]") {
  FilesWorld world;
  const auto bytes = noise(500'000);
  writeFile(world.guest.home() / "file", bytes);
  CHECK(world.read("file", 499'990).value() == bytes.substr(499'990));
  CHECK(world.read("file", 500'000).value().empty());
  std::string modified = "Sat, 31 Jan 2026 12:00:00 GMT";
  world.guest.onRequest([&](Exchange& exchange, int number) {
    if (number % 2 == 0) return false;
    const auto range = exchange.request().header("Range").value_or("bytes=0-");
    const auto from = std::stoull(range.substr(6));
    const auto rest = bytes.substr(from);
    exchange.send("HTTP/1.1 " + std::string(from ? "206 Partial Content" : "200 OK") +
                  "\r\nLast-Modified: " + modified + "\r\nContent-Length: " + std::to_string(rest.size()) +
                  "\r\n\r\n" + rest.substr(0, rest.size() / 2));
    exchange.reset();
    return true;
  });
  world.guest.forgetRequests();
  SECTION("and it is the same file") {
    const auto read = world.read("file");
    REQUIRE(ok(read));
    CHECK((*read == bytes));
  }
  SECTION("and it is another one") {
    modified = "Sat, 31 Jan 2026 12:00:01 GMT";
    world.guest.onRequest([&](Exchange& exchange, int number) {
      if (number == 1) {
        exchange.send("HTTP/1.1 200 OK\r\nLast-Modified: " + modified + "\r\nContent-Length: 500000\r\n\r\n" +
                      bytes.substr(0, 100'000));
        exchange.reset();
        return true;
      }
      exchange.reply(200, "changed", {{"Last-Modified", "Sat, 31 Jan 2026 12:00:02 GMT"}});
      return true;
    });
    CHECK(failsWith(world.read("file"), Errc::conflict, "changed"));
  }
}

TEST_CASE("daytona/files: what stat prints is read, or refused", "[unit][daytona][files]") {
  using mooring::daytona::readListing;
  const std::string good("./a//81a4 5 1769860800//\n./l//a1ff 1 1//\n\0./l//a\0", 49);
  const auto listed = readListing(good);
  REQUIRE(ok(listed));
  REQUIRE(listed->size() == 2);
  CHECK((*listed)[0].size == 5);
  CHECK((*listed)[1].linkTarget == "a");
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    const auto part = readListing(std::string_view(good).substr(0, cut));
    CHECK((!part || cut >= good.find('\0')));
  }
  CHECK_FALSE(ok(readListing(std::string("./a//xyz 5 1//\n\0", 16))));
  CHECK_FALSE(ok(mooring::daytona::readStat("stat: usage", "x")));
}

}  // namespace
}  // namespace mooring::test::daytona
