#include "trial.hpp"

#include <algorithm>
#include <optional>

namespace mooring::conformance {
namespace {

/// A volume of this test alone. Declared before the trial's sandboxes are destroyed only in name: it is
/// removed when the test asks, and by the destructor when the test did not get that far.
class TestVolume {
 public:
  explicit TestVolume(Trial& trial)
      : trial_(trial),
        volumes_(trial.service().volumes(trial.fixture().provider())),
        name_(uniqueName("conf")) {}
  ~TestVolume() {
    for (auto& sandbox : users_)
      CHECK(ok(sandbox.destroy().get()));
    const auto removed = volumes_.remove(name_).get();
    CHECK((removed || removed.error().code == Errc::notFound));
  }
  TestVolume(const TestVolume&) = delete;
  TestVolume& operator=(const TestVolume&) = delete;

  Volumes& api() { return volumes_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  Sandbox sandboxWith(bool readOnly = false) {
    auto config = trial_.config();
    config.volumes = {{.name = name_, .mountPath = "/mnt/shared", .readOnly = readOnly}};
    users_.push_back(trial_.create(config));
    return users_.back();
  }
  /// Not every provider lets several sandboxes write; one that does not says so, and what it costs is
  /// nothing.
  std::optional<Sandbox> secondWriter() {
    auto config = trial_.config();
    config.volumes = {{.name = name_, .mountPath = "/mnt/shared"}};
    auto created = trial_.service().create(config).get();
    if (!created) {
      CHECK(failsWith(created, Errc::conflict, name_));
      return std::nullopt;
    }
    users_.push_back(*created);
    return std::move(*created);
  }
  /// Not every provider can mount so; one that cannot says it before anything is spent.
  bool refusesReadOnly() {
    const auto before = trial_.service().count().get().value();
    auto config = trial_.config();
    config.volumes = {{.name = name_, .mountPath = "/mnt/shared", .readOnly = true}};
    auto created = trial_.service().create(config).get();
    if (created) {
      users_.push_back(std::move(*created));
      return false;
    }
    CHECK(failsWith(created, Errc::unsupported, "readOnly"));
    CHECK(trial_.service().count().get().value() == before);
    return true;
  }

 private:
  Trial& trial_;
  Volumes volumes_;
  std::string name_;
  std::vector<Sandbox> users_;
};

bool has(const std::vector<VolumeInfo>& volumes, const std::string& name) {
  return std::ranges::find(volumes, name, &VolumeInfo::name) != volumes.end();
}

bool offered(Trial& trial) {
  if (trial.offers(Capability::volumes)) return true;
  auto volumes = trial.service().volumes(trial.fixture().provider());
  CHECK(failsWith(volumes.ensure("any").get(), Errc::unsupported));
  CHECK(failsWith(volumes.list().get(), Errc::unsupported));
  CHECK(failsWith(volumes.remove("any").get(), Errc::unsupported));
  return false;
}

TEST_CASE("volumes: are made once, listed and removed", "[conformance][volumes]") {
  Trial trial;
  if (!offered(trial)) return;
  TestVolume volume(trial);
  auto made = volume.api().ensure(volume.name()).get();
  REQUIRE(ok(made));
  CHECK(made->name == volume.name());
  CHECK(ok(volume.api().ensure(volume.name()).get()));
  auto all = volume.api().list().get();
  REQUIRE(ok(all));
  CHECK(has(*all, volume.name()));
  CHECK(ok(volume.api().remove(volume.name()).get()));
  all = volume.api().list().get();
  REQUIRE(ok(all));
  CHECK_FALSE(has(*all, volume.name()));
  CHECK(failsWith(volume.api().remove(volume.name()).get(), Errc::notFound));
}

TEST_CASE("volumes: outlive sandboxes and are shared by them, at once or in turn",
          "[conformance][volumes][mount]") {
  Trial trial;
  if (!offered(trial)) return;
  TestVolume volume(trial);
  auto one = volume.sandboxWith();
  trial.sh(one, "echo from one >/mnt/shared/file");
  auto second = volume.secondWriter();
  const bool shared = second.has_value();
  if (!shared) {
    // One after the other, then.
    REQUIRE(ok(one.destroy().get()));
    second = volume.sandboxWith();
  }
  auto& two = *second;
  CHECK(trial.sh(two, "cat /mnt/shared/file; echo and two >>/mnt/shared/file") == "from one\n");
  if (shared) CHECK(trial.sh(one, "cat /mnt/shared/file") == "from one\nand two\n");
  REQUIRE(ok(two.files().write("/mnt/shared/by-files", "x").get()));
  auto& reader = shared ? one : two;
  const auto read = reader.files().read("/mnt/shared/by-files").get();
  REQUIRE(ok(read));
  CHECK(*read == "x");

  REQUIRE(ok(one.destroy().get()));
  REQUIRE(ok(two.recreate().get()));
  CHECK(trial.sh(two, "cat /mnt/shared/file") == "from one\nand two\n");
}

TEST_CASE("volumes: a read-only mount cannot be written, or is refused by name",
          "[conformance][volumes][mount]") {
  Trial trial;
  if (!offered(trial)) return;
  TestVolume volume(trial);
  // First, because what was never written may not be mountable so.
  auto writer = volume.sandboxWith();
  trial.sh(writer, "echo kept >/mnt/shared/file");
  if (volume.refusesReadOnly()) return;
  auto reader = volume.sandboxWith(true);
  CHECK(trial.sh(reader, "cat /mnt/shared/file; echo no 2>/dev/null >/mnt/shared/file || echo refused") ==
        "kept\nrefused\n");
  CHECK_FALSE(ok(reader.files().write("/mnt/shared/file", "no").get()));
  CHECK(trial.sh(writer, "cat /mnt/shared/file") == "kept\n");
}

TEST_CASE("volumes: one in use cannot be removed", "[conformance][volumes][mount]") {
  Trial trial;
  if (!offered(trial)) return;
  TestVolume volume(trial);
  auto user = volume.sandboxWith();
  trial.sh(user, "echo kept >/mnt/shared/file");
  CHECK(failsWith(volume.api().remove(volume.name()).get(), Errc::conflict));
  CHECK(trial.sh(user, "cat /mnt/shared/file") == "kept\n");
  REQUIRE(ok(user.destroy().get()));
  CHECK(ok(volume.api().remove(volume.name()).get()));
}

TEST_CASE("volumes: names that no provider takes are refused", "[conformance][volumes]") {
  Trial trial;
  if (!offered(trial)) return;
  auto volumes = trial.service().volumes(trial.fixture().provider());
  const std::string name = GENERATE(
      as<std::string>{}, "", "..", "a/b", "../escape", std::string(65, 'x'), "new\nline");
  INFO("name: \"" << name << "\"");
  CHECK(failsWith(volumes.ensure(name).get(), Errc::invalidArgument));
  auto config = trial.config();
  config.volumes = {{.name = name, .mountPath = "/mnt/x"}};
  CHECK(failsWith(trial.service().create(config).get(), Errc::invalidArgument));
}

}  // namespace
}  // namespace mooring::conformance
