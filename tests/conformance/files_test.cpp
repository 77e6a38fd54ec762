#include "support/temp_dir.hpp"
#include "trial.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <sys/stat.h>

namespace fs = std::filesystem;

namespace mooring::conformance {
namespace {

/// Bytes that are the same for the same number, and look like nothing that compresses.
class Noise final : public ByteSource {
 public:
  explicit Noise(std::uint64_t size) : left_(size), size_(size) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    for (auto& byte : buffer.first(count))
      byte = next();
    left_ -= count;
    co_return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  std::byte next() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::byte>(state_ >> 56);
  }

 private:
  std::uint64_t left_;
  std::uint64_t size_;
  std::uint64_t state_ = 7;
};

/// Compares what comes with Noise, and keeps nothing.
class NoiseCheck final : public ByteSink {
 public:
  Task<void> write(std::span<const std::byte> bytes) override {
    for (const auto byte : bytes)
      equal_ = equal_ && byte == expected_.next();
    total_ += bytes.size();
    co_return Result<void>();
  }
  [[nodiscard]] bool equal() const { return equal_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  Noise expected_{0};
  bool equal_ = true;
  std::uint64_t total_ = 0;
};

class StringSink final : public ByteSink {
 public:
  Task<void> write(std::span<const std::byte> bytes) override {
    text += asText(bytes);
    co_return Result<void>();
  }
  std::string text;
};

std::string everyByte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

std::string readBack(Trial& trial, const std::string& path) {
  auto bytes = trial.sandbox().files().read(path).get();
  REQUIRE(ok(bytes));
  return std::move(*bytes);
}

FileInfo statOf(Trial& trial, const std::string& path) {
  auto info = trial.sandbox().files().stat(path).get();
  REQUIRE(ok(info));
  return std::move(*info);
}

std::vector<std::string> namesIn(Trial& trial, const std::string& path) {
  auto entries = trial.sandbox().files().list(path).get();
  REQUIRE(ok(entries));
  std::vector<std::string> names;
  for (const auto& entry : *entries)
    names.push_back(entry.name);
  std::ranges::sort(names);
  return names;
}

int modeOnHost(const fs::path& path) { return static_cast<int>(fs::status(path).permissions()) & 07777; }

TEST_CASE("files: what was written is read back, and commands see it", "[conformance][files]") {
  Trial trial;
  const std::string bytes = GENERATE(as<std::string>{}, "text\n", "", everyByte() + everyByte());
  REQUIRE(ok(trial.sandbox().files().write("some/new/folder/file", bytes).get()));
  CHECK((readBack(trial, "some/new/folder/file") == bytes));
  const auto seen = trial.run(shell("cat some/new/folder/file"));
  CHECK((seen.out.text == bytes));
  CHECK(statOf(trial, "some/new/folder/file").size == bytes.size());
}

TEST_CASE("files: what a command wrote is read back", "[conformance][files]") {
  Trial trial;
  trial.sh("mkdir -p made; printf 'by a command' >made/file");
  CHECK(readBack(trial, "made/file") == "by a command");
}

TEST_CASE("files: relative paths start at the home, absolute ones at the root", "[conformance][files]") {
  Trial trial;
  REQUIRE(ok(trial.sandbox().files().write("file", "here").get()));
  const auto home = trial.sh("pwd");
  CHECK(readBack(trial, home.substr(0, home.size() - 1) + "/file") == "here");
  CHECK(readBack(trial, "./file") == "here");
}

TEST_CASE("files: writing replaces the content whole", "[conformance][files]") {
  Trial trial;
  REQUIRE(ok(trial.sandbox().files().write("file", std::string(10'000, 'x')).get()));
  REQUIRE(ok(trial.sandbox().files().write("file", "short").get()));
  CHECK(readBack(trial, "file") == "short");
}

TEST_CASE("files: a new file is 0644, an asked mode is set, an overwritten file keeps its own",
          "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("plain", "x").get()));
  CHECK(statOf(trial, "plain").mode == 0644);

  WriteOptions executable;
  executable.mode = 0755;
  REQUIRE(ok(files.write("tool", "#!/bin/sh\necho ran\n", executable).get()));
  CHECK(statOf(trial, "tool").mode == 0755);
  CHECK(trial.sh("./tool") == "ran\n");

  REQUIRE(ok(files.write("tool", "#!/bin/sh\necho again\n").get()));
  CHECK(statOf(trial, "tool").mode == 0755);
  CHECK(trial.sh("./tool") == "again\n");

  REQUIRE(ok(files.setMode("tool", 0600).get()));
  CHECK(statOf(trial, "tool").mode == 0600);
  CHECK(failsWith(files.setMode("absent", 0600).get(), Errc::notFound));
}

TEST_CASE("files: missing ones are notFound", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("file", "x").get()));
  const std::string path = GENERATE(as<std::string>{}, "absent", "no/such/folder/file", "/no/such/file");
  CHECK(failsWith(files.read(path).get(), Errc::notFound));
  CHECK(failsWith(files.stat(path).get(), Errc::notFound));
  CHECK(failsWith(files.list(path).get(), Errc::notFound));
  CHECK(failsWith(files.remove(path).get(), Errc::notFound));
  CHECK(failsWith(files.remove(path, RemoveMode::tree).get(), Errc::notFound));
  CHECK(failsWith(files.move(path, "elsewhere").get(), Errc::notFound));
}

TEST_CASE("files: an empty path and a NUL in one are refused", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  CHECK(failsWith(files.read("").get(), Errc::invalidArgument));
  CHECK(failsWith(files.write(std::string("a\0b", 3), "x").get(), Errc::invalidArgument));
}

TEST_CASE("files: stat tells files, directories and symlinks apart", "[conformance][files]") {
  Trial trial;
  trial.sh(
      "mkdir -p folder; printf 12345 >file; chmod 640 file; chmod 750 folder; ln -s file link; ln -s absent "
      "broken");
  const auto file = statOf(trial, "file");
  CHECK(toString(file.type) == "file");
  CHECK(file.name == "file");
  CHECK(file.size == 5);
  CHECK(file.mode == 0640);
  const auto folder = statOf(trial, "folder");
  CHECK(toString(folder.type) == "directory");
  CHECK(folder.size == 0);
  CHECK(folder.mode == 0750);
  const auto link = statOf(trial, "link");
  CHECK(toString(link.type) == "symlink");
  if (!link.linkTarget.empty()) CHECK(link.linkTarget == "file");
  CHECK(toString(statOf(trial, "broken").type) == "symlink");
  CHECK(readBack(trial, "link") == "12345");
}

TEST_CASE("files: a listing has every entry of one directory and no other", "[conformance][files]") {
  Trial trial;
  trial.sh(
      "mkdir -p d/sub empty; printf 123 >d/file; printf x >d/.hidden; printf y >d/sub/deep; ln -s file "
      "d/link");
  CHECK(namesIn(trial, "d") == std::vector<std::string>{".hidden", "file", "link", "sub"});
  CHECK(namesIn(trial, "empty").empty());
  const auto entries = trial.sandbox().files().list("d").get();
  REQUIRE(ok(entries));
  for (const auto& entry : *entries) {
    INFO(entry.name);
    if (entry.name == "file") CHECK(entry.size == 3);
    CHECK(toString(entry.type) == (entry.name == "sub"    ? "directory"
                                   : entry.name == "link" ? "symlink"
                                                          : "file"));
  }
  CHECK(failsWith(trial.sandbox().files().list("d/file").get(), Errc::invalidArgument));
}

TEST_CASE("files: a listing of 2000 entries is complete", "[conformance][files]") {
  Trial trial;
  trial.sh("mkdir many; cd many; i=0; while [ $i -lt 2000 ]; do : >entry-$i; i=$((i + 1)); done");
  CHECK(namesIn(trial, "many").size() == 2000);
}

TEST_CASE("files: directories are made with their parents, and may exist", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.makeDirectory("a/b/c", 0700).get()));
  CHECK(statOf(trial, "a/b/c").mode == 0700);
  CHECK(toString(statOf(trial, "a/b").type) == "directory");
  CHECK(ok(files.makeDirectory("a/b/c").get()));
  REQUIRE(ok(files.write("a/file", "x").get()));
  CHECK(failsWith(files.makeDirectory("a/file").get(), Errc::conflict));
  CHECK(readBack(trial, "a/file") == "x");
}

TEST_CASE("files: a directory is not a file", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.makeDirectory("folder").get()));
  CHECK_FALSE(ok(files.read("folder").get()));
  CHECK_FALSE(ok(files.write("folder", "x").get()));
  CHECK(toString(statOf(trial, "folder").type) == "directory");
}

TEST_CASE("files: remove takes a file, a symlink itself, and a tree only when asked",
          "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  trial.sh("mkdir -p d/sub; echo x >d/sub/file; echo y >file; ln -s d link; ln -s file to-file; mkdir empty");
  CHECK(failsWith(files.remove("d").get(), Errc::conflict));
  CHECK(failsWith(files.remove("empty").get(), Errc::conflict));
  CHECK(readBack(trial, "d/sub/file") == "x\n");

  REQUIRE(ok(files.remove("to-file").get()));
  CHECK(readBack(trial, "file") == "y\n");
  REQUIRE(ok(files.remove("link", RemoveMode::tree).get()));
  CHECK(readBack(trial, "d/sub/file") == "x\n");
  REQUIRE(ok(files.remove("d", RemoveMode::tree).get()));
  REQUIRE(ok(files.remove("file", RemoveMode::tree).get()));
  CHECK(failsWith(files.stat("d").get(), Errc::notFound));
  CHECK(failsWith(files.stat("file").get(), Errc::notFound));
}

TEST_CASE("files: move renames, and replaces a file", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("from", "new").get()));
  REQUIRE(ok(files.write("to", "old").get()));
  REQUIRE(ok(files.move("from", "to").get()));
  CHECK(readBack(trial, "to") == "new");
  CHECK(failsWith(files.stat("from").get(), Errc::notFound));

  REQUIRE(ok(files.write("d/file", "in a folder").get()));
  REQUIRE(ok(files.move("d", "e").get()));
  CHECK(readBack(trial, "e/file") == "in a folder");
}

TEST_CASE("files: names may hold what file systems allow", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  const std::string name = GENERATE(as<std::string>{},
                                    "with space",
                                    "new\nline",
                                    "\xC3\xA9t\xC3\xA9 \xF0\x9F\x9A\xA2",
                                    "-rf",
                                    "--",
                                    "it's",
                                    "\"q\"",
                                    "$HOME",
                                    "*",
                                    "a&b?c=d#e%20f",
                                    "back\\slash",
                                    ".hidden",
                                    "trailing ",
                                    "~");
  INFO("name: " << name);
  REQUIRE(ok(files.write("odd/" + name, name).get()));
  CHECK(readBack(trial, "odd/" + name) == name);
  CHECK(namesIn(trial, "odd") == std::vector{name});
  CHECK(statOf(trial, "odd/" + name).name == name);
  CHECK(trial.sh(R"(cat "odd/$1")", {name}) == name);
  REQUIRE(ok(files.setMode("odd/" + name, 0600).get()));
  REQUIRE(ok(files.move("odd/" + name, "odd/" + name + "2").get()));
  REQUIRE(ok(files.remove("odd/" + name + "2").get()));
  CHECK(namesIn(trial, "odd").empty());
}

TEST_CASE("files: a relative path may begin with a dash", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("-n", "dash").get()));
  CHECK(readBack(trial, "-n") == "dash");
  REQUIRE(ok(files.makeDirectory("--help").get()));
  CHECK(namesIn(trial, "--help").empty());
  REQUIRE(ok(files.remove("-n").get()));
  REQUIRE(ok(files.remove("--help", RemoveMode::tree).get()));
}

TEST_CASE("files: reading starts at any offset", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("file", "0123456789").get()));
  const auto from = [&files](std::uint64_t offset) {
    auto sink = std::make_shared<StringSink>();
    REQUIRE(ok(files.readTo("file", sink, offset).get()));
    return sink->text;
  };
  CHECK(from(0) == "0123456789");
  CHECK(from(7) == "789");
  CHECK(from(10).empty());
}

TEST_CASE("files: reading into memory has a limit", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("file", "0123456789").get()));
  CHECK(ok(files.read("file", 10).get()));
  CHECK(failsWith(files.read("file", 9).get(), Errc::quotaExceeded));
}

TEST_CASE("files: 64 MiB stream in and out unchanged", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  constexpr std::uint64_t size = std::uint64_t{64} << 20;
  REQUIRE(ok(files.writeFrom("large", std::make_shared<Noise>(size)).get()));
  CHECK(statOf(trial, "large").size == size);

  auto back = std::make_shared<NoiseCheck>();
  REQUIRE(ok(files.readTo("large", back).get()));
  CHECK(back->total() == size);
  CHECK(back->equal());

  // The same bytes as the sandbox sees them: written anew, they hash alike.
  trial.sh("cp large copy");
  const auto sums = trial.sh("sha256sum <large; sha256sum <copy");
  CHECK(sums.substr(0, 64) == sums.substr(68, 64));
}

TEST_CASE("files: a source that fails leaves the old content", "[conformance][files]") {
  class Failing final : public ByteSource {
   public:
    Task<std::size_t> read(std::span<std::byte> buffer) override {
      if (std::exchange(begun_, true)) co_return failure(Errc::corrupted, "the source broke");
      std::ranges::fill(buffer, std::byte{'x'});
      co_return buffer.size();
    }

   private:
    bool begun_ = false;
  };
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("file", "old").get()));
  CHECK(failsWith(files.writeFrom("file", std::make_shared<Failing>()).get(), Errc::corrupted));
  CHECK(readBack(trial, "file") == "old");
  CHECK(namesIn(trial, ".") == std::vector<std::string>{"file"});
}

TEST_CASE("files: a tree goes in and comes out the same", "[conformance][files][trees]") {
  Trial trial;
  auto files = trial.sandbox().files();
  const test::TempDir local;
  const auto source = local / "source";
  const auto target = local / "target";
  test::writeFile(source / "top", "top");
  test::writeFile(source / "a/b/c/deep", std::string(300'000, 'd'));
  test::writeFile(source / "a/empty file", "");
  test::writeFile(source / "a/\xC3\xA9t\xC3\xA9\nline", everyByte());
  test::writeFile(source / "bin/tool", "#!/bin/sh\necho ran\n");
  for (int i = 0; i < 100; ++i)
    test::writeFile(source / "many" / std::to_string(i), std::to_string(i));
  fs::create_directories(source / "an empty/folder");
  fs::permissions(source / "bin/tool", fs::perms(0755));
  fs::permissions(source / "top", fs::perms(0600));

  const auto sent = files.upload(source, "tree").get();
  REQUIRE(ok(sent));
  CHECK(sent->files == 105);
  CHECK(trial.sh("tree/bin/tool") == "ran\n");
  CHECK(trial.sh("ls -A 'tree/an empty/folder' | wc -l | tr -d ' '") == "0\n");

  const auto received = files.download("tree", target).get();
  REQUIRE(ok(received));
  CHECK(received->files == sent->files);
  CHECK(received->bytes == sent->bytes);
  std::size_t entries = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    ++entries;
    const auto other = target / fs::relative(entry.path(), source);
    INFO(other.string());
    REQUIRE(fs::exists(other));
    CHECK(fs::is_directory(other) == entry.is_directory());
    if (entry.is_regular_file()) {
      CHECK((test::readFile(other) == test::readFile(entry.path())));
      CHECK(modeOnHost(other) == modeOnHost(entry.path()));
    }
  }
  const auto count = std::distance(fs::recursive_directory_iterator(target),
                                   fs::recursive_directory_iterator());
  CHECK(static_cast<std::size_t>(count) == entries);
}

TEST_CASE("files: one file is uploaded and downloaded under its new name", "[conformance][files][trees]") {
  Trial trial;
  auto files = trial.sandbox().files();
  const test::TempDir local;
  test::writeFile(local / "one", "content");
  fs::permissions(local / "one", fs::perms(0750));
  const auto sent = files.upload(local / "one", "folder/two").get();
  REQUIRE(ok(sent));
  CHECK(sent->files == 1);
  CHECK(sent->bytes == 7);
  CHECK(statOf(trial, "folder/two").mode == 0750);
  REQUIRE(ok(files.download("folder/two", local / "three").get()));
  CHECK(test::readFile(local / "three") == "content");

  CHECK(failsWith(files.upload(local / "absent", "x").get(), Errc::notFound));
  CHECK(failsWith(files.download("absent", local / "x").get(), Errc::notFound));
  CHECK_FALSE(fs::exists(local / "x"));
}

TEST_CASE("files: an upload does not follow symlinks out of its tree",
          "[conformance][files][trees][security]") {
  Trial trial;
  const test::TempDir local;
  test::writeFile(local / "outside", "secret of the host");
  test::writeFile(local / "tree/file", "inside");
  fs::create_symlink("file", local / "tree/link");
  REQUIRE(ok(trial.sandbox().files().upload(local / "tree", "good").get()));
  CHECK(readBack(trial, "good/link") == "inside");

  fs::create_symlink("../outside", local / "tree/escape");
  CHECK(failsWith(
      trial.sandbox().files().upload(local / "tree", "bad").get(), Errc::invalidArgument, "escape"));
}

TEST_CASE("files: a download writes nothing outside its target", "[conformance][files][trees][security]") {
  Trial trial;
  const test::TempDir local;
  test::writeFile(local / "victim", "untouched");
  trial.sh("mkdir -p tree; echo x >tree/file; ln -s file tree/inside");
  REQUIRE(ok(trial.sandbox().files().download("tree", local / "good").get()));
  CHECK(test::readFile(local / "good/inside") == "x\n");

  trial.sh(R"(ln -s "$1" tree/escape)", {GENERATE(as<std::string>{}, "../victim", "/etc/passwd", "../..")});
  const auto bad = trial.sandbox().files().download("tree", local / "bad").get();
  REQUIRE_FALSE(ok(bad));
  CHECK(describe(bad.error()).find("escape") != std::string::npos);
  CHECK(test::readFile(local / "victim") == "untouched");
}

TEST_CASE("files: no path leads out of the sandbox", "[conformance][files][security]") {
  Trial trial;
  auto files = trial.sandbox().files();
  const test::TempDir host;
  test::writeFile(host / "secret", "only on the host");
  const auto secret = (host / "secret").string();
  std::string up;
  for (int i = 0; i < 40; ++i)
    up += "../";

  const auto hidden = [&files](const std::string& path) {
    const auto bytes = files.read(path).get();
    return !bytes || bytes->find("only on the host") == std::string::npos;
  };
  CHECK(hidden(secret));
  CHECK(hidden(up + secret.substr(1)));
  trial.sh(R"(ln -s "$1" link; ln -s "$2" folder; ln -s / root; ln -s "$3" up)",
           {secret, host.path().string(), up + "etc"});
  CHECK(hidden("link"));
  CHECK(hidden("folder/secret"));
  CHECK(hidden("root" + secret));
  CHECK(hidden("/proc/self/root" + secret));
  CHECK(hidden("/proc/1/root" + secret));
  CHECK(hidden("/proc/self/cwd/" + up + secret.substr(1)));

  // Where such a write ends up inside the sandbox is its own affair; the host must not change.
  const auto planted = (host / "planted").string();
  for (const auto& path :
       {std::string("folder/planted"), up + planted.substr(1), planted, "root" + planted}) {
    (void)files.write(path, "from the sandbox").get();
    (void)files.makeDirectory(path + "-dir").get();
    CHECK_FALSE(fs::exists(planted));
    CHECK_FALSE(fs::exists(planted + "-dir"));
  }
  (void)files.remove("folder/secret").get();
  (void)files.remove(secret).get();
  (void)files.move("folder/secret", "stolen").get();
  (void)files.setMode("folder/secret", 0777).get();
  CHECK(test::readFile(secret) == "only on the host");
}

TEST_CASE("files: reach a sleeping or vanished sandbox as commands do", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  if (trial.offers(Capability::resume)) {
    REQUIRE(ok(files.write("file", "kept").get()));
    trial.fixture().putToSleep(trial.sandbox().id());
    CHECK(readBack(trial, "file") == "kept");
  }
  trial.fixture().vanish(trial.sandbox().id());
  CHECK(ok(files.write("file", "anew").get()));
  CHECK(readBack(trial, "file") == "anew");
  CHECK(trial.record(trial.sandbox()).generation == 2);
}

}  // namespace
}  // namespace mooring::conformance
