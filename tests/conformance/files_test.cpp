#include "support/temp_dir.hpp"
#include "trial.hpp"

#include <algorithm>
#include <filesystem>

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

std::vector<std::string> namesIn(Trial& trial, const std::string& path) {
  auto entries = trial.sandbox().files().list(path).get();
  REQUIRE(ok(entries));
  std::vector<std::string> names;
  for (const auto& entry : *entries)
    names.push_back(entry.name);
  std::ranges::sort(names);
  return names;
}

TEST_CASE("files: what was written is read back, and commands see it", "[conformance][files]") {
  Trial trial;
  const std::string bytes = GENERATE(as<std::string>{}, "text\n", "", everyByte() + everyByte());
  REQUIRE(ok(trial.sandbox().files().write("some/new/folder/file", bytes).get()));
  CHECK((trial.read("some/new/folder/file") == bytes));
  const auto seen = trial.run(shell("cat some/new/folder/file"));
  CHECK((seen.out.text == bytes));
  CHECK(trial.stat("some/new/folder/file").size == bytes.size());
}

TEST_CASE("files: what a command wrote is read back", "[conformance][files]") {
  Trial trial;
  trial.sh("mkdir -p made; printf 'by a command' >made/file");
  CHECK(trial.read("made/file") == "by a command");
}

TEST_CASE("files: relative paths start at the home, absolute ones at the root", "[conformance][files]") {
  Trial trial;
  REQUIRE(ok(trial.sandbox().files().write("file", "here").get()));
  const auto home = trial.sh("pwd");
  CHECK(trial.read(home.substr(0, home.size() - 1) + "/file") == "here");
  CHECK(trial.read("./file") == "here");
}

TEST_CASE("files: writing replaces the content whole", "[conformance][files]") {
  Trial trial;
  REQUIRE(ok(trial.sandbox().files().write("file", std::string(10'000, 'x')).get()));
  REQUIRE(ok(trial.sandbox().files().write("file", "short").get()));
  CHECK(trial.read("file") == "short");
}

TEST_CASE("files: a new file is 0644, an asked mode is set, an overwritten file keeps its own",
          "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.write("plain", "x").get()));
  CHECK(trial.stat("plain").mode == 0644);

  WriteOptions executable;
  executable.mode = 0755;
  REQUIRE(ok(files.write("tool", "#!/bin/sh\necho ran\n", executable).get()));
  CHECK(trial.stat("tool").mode == 0755);
  CHECK(trial.sh("./tool") == "ran\n");

  REQUIRE(ok(files.write("tool", "#!/bin/sh\necho again\n").get()));
  CHECK(trial.stat("tool").mode == 0755);
  CHECK(trial.sh("./tool") == "again\n");

  REQUIRE(ok(files.setMode("tool", 0600).get()));
  CHECK(trial.stat("tool").mode == 0600);
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
  const auto file = trial.stat("file");
  CHECK(toString(file.type) == "file");
  CHECK(file.name == "file");
  CHECK(file.size == 5);
  CHECK(file.mode == 0640);
  const auto folder = trial.stat("folder");
  CHECK(toString(folder.type) == "directory");
  CHECK(folder.size == 0);
  CHECK(folder.mode == 0750);
  const auto link = trial.stat("link");
  CHECK(toString(link.type) == "symlink");
  if (!link.linkTarget.empty()) CHECK(link.linkTarget == "file");
  CHECK(toString(trial.stat("broken").type) == "symlink");
  CHECK(trial.read("link") == "12345");
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
  CHECK(trial.stat("a/b/c").mode == 0700);
  CHECK(toString(trial.stat("a/b").type) == "directory");
  CHECK(ok(files.makeDirectory("a/b/c").get()));
  REQUIRE(ok(files.write("a/file", "x").get()));
  CHECK(failsWith(files.makeDirectory("a/file").get(), Errc::conflict));
  CHECK(trial.read("a/file") == "x");
}

TEST_CASE("files: a directory is not a file", "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  REQUIRE(ok(files.makeDirectory("folder").get()));
  CHECK_FALSE(ok(files.read("folder").get()));
  CHECK_FALSE(ok(files.write("folder", "x").get()));
  CHECK(toString(trial.stat("folder").type) == "directory");
}

TEST_CASE("files: remove takes a file, a symlink itself, and a tree only when asked",
          "[conformance][files]") {
  Trial trial;
  auto files = trial.sandbox().files();
  trial.sh("mkdir -p d/sub; echo x >d/sub/file; echo y >file; ln -s d link; ln -s file to-file; mkdir empty");
  CHECK(failsWith(files.remove("d").get(), Errc::conflict));
  CHECK(failsWith(files.remove("empty").get(), Errc::conflict));
  CHECK(trial.read("d/sub/file") == "x\n");

  REQUIRE(ok(files.remove("to-file").get()));
  CHECK(trial.read("file") == "y\n");
  REQUIRE(ok(files.remove("link", RemoveMode::tree).get()));
  CHECK(trial.read("d/sub/file") == "x\n");
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
  CHECK(trial.read("to") == "new");
  CHECK(failsWith(files.stat("from").get(), Errc::notFound));

  REQUIRE(ok(files.write("d/file", "in a folder").get()));
  REQUIRE(ok(files.move("d", "e").get()));
  CHECK(trial.read("e/file") == "in a folder");
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
  CHECK(trial.read("odd/" + name) == name);
  CHECK(namesIn(trial, "odd") == std::vector{name});
  CHECK(trial.stat("odd/" + name).name == name);
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
  CHECK(trial.read("-n") == "dash");
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
  CHECK(trial.stat("large").size == size);

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
  CHECK(trial.read("file") == "old");
  CHECK(namesIn(trial, ".") == std::vector<std::string>{"file"});
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
    CHECK(trial.read("file") == "kept");
  }
  trial.fixture().vanish(trial.sandbox().id());
  CHECK(ok(files.write("file", "anew").get()));
  CHECK(trial.read("file") == "anew");
  CHECK(trial.record(trial.sandbox()).generation == 2);
}

}  // namespace
}  // namespace mooring::conformance
