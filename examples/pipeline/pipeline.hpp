// A data pipeline of one step that outlives its sandbox: upload, compute, fetch; lose the sandbox; go on by
// its id.
#pragma once

#include <mooring/mooring.hpp>

#include <filesystem>
#include <ostream>
#include <stop_token>
#include <string>

struct PipelineOptions {
  mooring::Settings settings = {};
  std::filesystem::path data = {};  ///< What is summarised.
  std::string provider = {};
  std::filesystem::path database = {};
  std::filesystem::path scratch = {};  ///< An existing folder of ours.
  std::filesystem::path result = {};   ///< Where the summary is kept; empty: nowhere.
  std::string name = {};               ///< Unique: names the volume and marks our records.
};

class Pipeline {
 public:
  /// `out` must outlive it.
  Pipeline(PipelineOptions options, std::stop_token stop, std::ostream& out);

  mooring::Result<void> run();

  /// Leaves nothing at the provider, however far run() came. Not stopped by the stop token.
  mooring::Result<void> cleanUp();

 private:
  mooring::Result<void> open();
  mooring::Result<void> create();
  mooring::Result<void> upload();
  [[nodiscard]] mooring::Result<void> keep(const std::string& summary) const;
  mooring::Result<std::string> summarise(mooring::OutcomeKind expected);
  mooring::Result<void> lose();
  mooring::Result<void> lookAround();
  mooring::Result<void> end();

  [[nodiscard]] mooring::SandboxConfig config() const;
  [[nodiscard]] mooring::Sandbox sandbox() const { return service_->sandbox(id_); }
  [[nodiscard]] mooring::CallOptions call() const;
  [[nodiscard]] std::string dataPath() const;
  void heading(const std::string& text);
  void line(const std::string& text);

  PipelineOptions options_;
  std::stop_token stop_;
  std::ostream& out_;
  int headings_ = 0;
  bool volumes_ = false;  ///< The provider has them, so that the data outlives the sandbox.
  std::optional<mooring::SandboxService> service_;
  std::string id_;  ///< All that is kept of the sandbox.
};
