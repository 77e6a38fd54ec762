#include "file_io.hpp"

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/tasks.hpp"
#include "support/temp_dir.hpp"
#include "tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mooring;
using detail::FileHandle;
using detail::FileSink;
using detail::FileSource;
using detail::Follow;
using detail::PartFile;

namespace fs = std::filesystem;

namespace {

boost::asio::any_io_executor threads() { return detail::blockingThreadsOf(*test::engine()); }

std::string patterned(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>((i * 131 + i / 997) & 0xFF);
  return bytes;
}

std::shared_ptr<FileSource> sourceOn(const fs::path& path) {
  auto opened = detail::openLocalFile(path, Follow::no);
  REQUIRE(test::ok(opened));
  return std::make_shared<FileSource>(threads(), opened->facts);
}

Result<std::string> readAll(std::shared_ptr<ByteSource> source, std::size_t chunk) {
  std::string all;
  std::vector<std::byte> buffer(chunk);
  while (true) {
    auto count = test::run(source->read(buffer));
    if (!count) return std::unexpected(std::move(count).error());
    if (*count == 0) return all;
    all += asText(std::span(buffer).first(*count));
  }
}

std::shared_ptr<PartFile> partIn(const fs::path& directory, const std::string& name) {
  auto handle = std::make_shared<const FileHandle>(
      ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto part = PartFile::make(handle, ".part", name, (directory / name).string());
  REQUIRE(test::ok(part));
  return *part;
}

std::size_t entriesIn(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("file source: gives every byte, whatever the reader's buffer is", "[unit][file_io]") {
  const auto size = GENERATE(as<std::size_t>{},
                             0,
                             1,
                             1000,
                             detail::fileBufferBytes - 1,
                             detail::fileBufferBytes,
                             3 * detail::fileBufferBytes + 7);
  const auto chunk = GENERATE(
      as<std::size_t>{}, 777, 65536, detail::fileBufferBytes, 2 * detail::fileBufferBytes);
  const test::TempDir dir;
  const auto bytes = patterned(size);
  test::writeFile(dir / "f", bytes);
  auto source = sourceOn(dir / "f");
  CHECK(source->size() == size);
  auto read = readAll(source, chunk);
  REQUIRE(test::ok(read));
  CHECK((*read == bytes));
}

TEST_CASE("file source: a file that changes underway is an error, never a mixture", "[unit][file_io]") {
  const test::TempDir dir;
  const auto path = dir / "f";
  test::writeFile(path, patterned(2 * detail::fileBufferBytes));
  auto source = sourceOn(path);
  std::vector<std::byte> buffer(detail::fileBufferBytes);
  const auto how = GENERATE(
      as<std::string>{}, "shortened", "grown", "rewritten", "shortened before it was opened");
  INFO(how);
  if (how != "shortened before it was opened") REQUIRE(test::ok(test::run(source->read(buffer))));
  if (how.starts_with("shortened")) fs::resize_file(path, 100);
  if (how == "grown") fs::resize_file(path, 3 * detail::fileBufferBytes);
  if (how == "rewritten") {
    test::writeFile(path, std::string(2 * detail::fileBufferBytes, 'x'));
    const std::array times{timespec{1, 0}, timespec{1, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
  }
  CHECK(test::failsWith(test::run(source->read(buffer)), Errc::conflict, path.string()));
  CHECK(test::failsWith(test::run(source->read(buffer)), Errc::conflict, path.string()));
}

TEST_CASE("file source: a file of /proc, which says 0, is read to its end", "[unit][file_io]") {
  auto source = sourceOn("/proc/self/status");
  CHECK_FALSE(source->size().has_value());
  auto read = readAll(source, 64);
  REQUIRE(test::ok(read));
  CHECK(read->find("Name:") != std::string::npos);
}

TEST_CASE("open source: what cannot be read is refused by name", "[unit][file_io]") {
  const test::TempDir dir;
  auto core = std::make_shared<detail::Core>();
  core->blockingThreads = threads();
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  const auto open = [&](const fs::path& path) { return test::run(detail::openSource(core, path)); };
  CHECK(test::failsWith(open(dir / "none"), Errc::notFound, (dir / "none").string()));
  CHECK(test::failsWith(open(dir.path()), Errc::invalidArgument, dir.path().string()));
  CHECK(test::failsWith(open(dir / "fifo"), Errc::invalidArgument, "fifo"));
  test::writeFile(dir / "secret", "x");
  fs::permissions(dir / "secret", fs::perms::none);
  if (::geteuid() != 0) CHECK(test::failsWith(open(dir / "secret"), Errc::permissionDenied, "secret"));
  fs::create_symlink("secret", dir / "link");
  fs::permissions(dir / "secret", fs::perms::owner_read);
  auto followed = open(dir / "link");
  REQUIRE(test::ok(followed));
  CHECK((*followed)->size() == 1U);
}

TEST_CASE("file sink: the name appears only when the file is whole, with its mode", "[unit][file_io]") {
  const test::TempDir dir;
  test::writeFile(dir / "f", "old");
  const auto bytes = patterned(2 * detail::fileBufferBytes + 5);
  const auto chunk = GENERATE(
      as<std::size_t>{}, 1000, detail::fileBufferBytes + 3, 4 * detail::fileBufferBytes);
  FileSink sink(threads(), partIn(dir.path(), "f"));
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    REQUIRE(test::ok(test::run(sink.write(asBytes(std::string_view(bytes).substr(at, chunk))))));
  }
  CHECK(test::readFile(dir / "f") == "old");
  REQUIRE(test::ok(test::run(sink.commit(0640))));
  CHECK((test::readFile(dir / "f") == bytes));
  CHECK((fs::status(dir / "f").permissions() == fs::perms(0640)));
  CHECK(entriesIn(dir.path()) == 1);
}

TEST_CASE("file sink: dropped or discarded, nothing is left", "[unit][file_io]") {
  const test::TempDir dir;
  {
    FileSink sink(threads(), partIn(dir.path(), "f"));
    REQUIRE(test::ok(test::run(sink.write(asBytes("half")))));
    CHECK(entriesIn(dir.path()) == 1);
    if (GENERATE(true, false)) REQUIRE(test::ok(test::run(sink.discard())));
  }
  CHECK(entriesIn(dir.path()) == 0);
}

TEST_CASE("file sink: a temporary name that is taken is not written through", "[unit][file_io]") {
  const test::TempDir dir;
  test::writeFile(dir / "victim", "mine");
  fs::create_symlink("victim", dir / ".part");
  auto handle = std::make_shared<const FileHandle>(
      ::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK(test::failsWith(PartFile::make(handle, ".part", "f", "f"), Errc::conflict));
  CHECK(test::readFile(dir / "victim") == "mine");
}
