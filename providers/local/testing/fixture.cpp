#include <mooring/local/options.hpp>

#include "database_fixture.hpp"
#include "support/temp_dir.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace mooring::conformance {
namespace {

/// Processes that were told of `directory`: supervisors, and bubblewrap before they start.
std::vector<std::string> processesOf(const fs::path& directory) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::ifstream file(entry.path() / "cmdline");
    // Unlike an iterator over the file, this does not throw for a process that ends meanwhile.
    std::ostringstream line;
    line << file.rdbuf();
    if (line.str().find(directory.string()) != std::string::npos)
      found.push_back("process " + entry.path().string());
  }
  return found;
}

/// Constructed before the services and destroyed after them.
struct Home {
  test::TempDir directory;
};

DatabaseFixtureParts partsIn(const fs::path& directory) {
  DatabaseFixtureParts parts;
  local::registerProvider(parts.providers);
  const auto environment = Settings::fromEnvironment();
  std::map<std::string, std::string, std::less<>> variables{{"MOORING_LOCAL_DIR", directory.string()}};
  if (const auto path = environment.get("PATH")) variables.emplace("PATH", *path);
  parts.settings = Settings(std::move(variables));
  parts.config.provider = std::string(local::Options::provider);
  if (const auto isolation = environment.get("MOORING_TEST_LOCAL_ISOLATION")) {
    parts.config.options[local::Options::provider] = boost::json::object{{"isolation", *isolation}};
  }
  return parts;
}

class LocalFixture final : private Home, public DatabaseFixture {
 public:
  LocalFixture() : DatabaseFixture(partsIn(directory.path())) {}

  std::vector<std::string> leftovers() override {
    auto found = DatabaseFixture::leftovers();
    // More than the listing: no process and no directory of a sandbox that the listing does not show.
    const auto sandboxes = directory / "sandboxes";
    if (!fs::exists(sandboxes)) return found;
    std::size_t directories = 0;
    for (const auto& entry : fs::directory_iterator(sandboxes)) {
      ++directories;
      if (found.empty()) found.push_back(entry.path().string());
    }
    if (directories == 0) {
      for (auto& process : processesOf(directory.path()))
        found.push_back(std::move(process));
    }
    return found;
  }
};

}  // namespace

std::unique_ptr<Fixture> makeFixture() { return std::make_unique<LocalFixture>(); }

}  // namespace mooring::conformance
