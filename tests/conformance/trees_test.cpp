#include "support/temp_dir.hpp"
#include "trial.hpp"

#include <filesystem>
#include <string>

namespace fs = std::filesystem;

namespace mooring::conformance {
namespace {

int modeOnHost(const fs::path& path) { return static_cast<int>(fs::status(path).permissions()) & 07777; }

TEST_CASE("files: a tree goes in and comes out the same", "[conformance][files][trees]") {
  Trial trial;
  auto files = trial.sandbox().files();
  const test::TempDir local;
  const auto source = local / "source";
  const auto target = local / "target";
  test::writeFile(source / "top", "top");
  test::writeFile(source / "a/b/c/deep", std::string(300'000, 'd'));
  test::writeFile(source / "a/empty file", "");
  test::writeFile(source / "a/\xC3\xA9t\xC3\xA9\nline", std::string("\0\xFF\r\n\x80", 5));
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
  CHECK(trial.stat("folder/two").mode == 0750);
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
  CHECK(trial.read("good/link") == "inside");

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

}  // namespace
}  // namespace mooring::conformance
