// The demo: ./dev demo builds and runs it. See pipeline.cpp for what it does.
#include "interrupt.hpp"
#include "pipeline.hpp"

#include <iostream>
#include <random>
#include <string_view>
#include <unistd.h>

namespace {

constexpr std::string_view usage =
    "usage: mooring_example_pipeline [--provider <name>] [--database <file>] [--result <file>] [<data "
    "file>]\n"
    "  --provider   default: SANDBOX_PROVIDER, then local\n"
    "  --database   where the records are kept; default: a temporary one\n"
    "  --result     where the summary is kept; default: nowhere\n"
    "  <data file>  default: /var/lib/dpkg/status, this machine's list of packages\n";

/// Nothing when the arguments make no sense.
std::optional<PipelineOptions> parse(int argc, char** argv) {
  PipelineOptions options;
  options.data = "/var/lib/dpkg/status";
  options.settings = mooring::Settings::fromEnvironment();
  options.provider = options.settings.get("SANDBOX_PROVIDER").value_or("local");
  bool named = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    if (argument == "--provider" && i + 1 < argc) {
      options.provider = argv[++i];
    } else if (argument == "--database" && i + 1 < argc) {
      options.database = argv[++i];
    } else if (argument == "--result" && i + 1 < argc) {
      options.result = argv[++i];
    } else if (!argument.starts_with('-') && !std::exchange(named, true)) {
      options.data = argument;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

/// A folder that goes away again.
class Scratch {
 public:
  Scratch() : path_((std::filesystem::temp_directory_path() / "mooring-demo-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

int fail(const mooring::Error& error) {
  std::cerr << "mooring_example_pipeline: " << mooring::describe(error) << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  auto options = parse(argc, argv);
  if (!options) {
    std::cerr << usage;
    return 2;
  }
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(options->data, unreadable)) {
    std::cerr << "mooring_example_pipeline: " << options->data.string()
              << " is not a file; name one to summarise\n";
    return 1;
  }
  const Scratch scratch;
  if (scratch.path().empty()) {
    std::cerr << "mooring_example_pipeline: cannot make a folder in "
              << std::filesystem::temp_directory_path() << '\n';
    return 1;
  }
  options->scratch = scratch.path();
  if (options->database.empty()) {
    options->database = options->scratch / "records.db";
    if (!options->settings.get("MOORING_LOCAL_DIR")) {
      options->settings = options->settings.with("MOORING_LOCAL_DIR", options->scratch / "local");
    }
  }
  options->name = "mooring-demo-" + std::to_string(std::random_device()());

  const Interrupt interrupt;
  std::cout << "mooring: a pipeline that outlives its sandbox" << std::endl;
  Pipeline pipeline(std::move(*options), interrupt.token(), std::cout);
  const auto done = pipeline.run();
  const auto cleaned = pipeline.cleanUp();
  if (!done) fail(done.error());
  if (!cleaned) {
    std::cerr << "mooring_example_pipeline: something may be left at the provider\n";
    fail(cleaned.error());
  }
  if (!done || !cleaned) return 1;
  std::cout << "\nDone; nothing is left behind." << std::endl;
  return 0;
}
