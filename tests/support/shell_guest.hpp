#pragma once

/// The part of a Daytona sandbox that commands and files need, on loopback: /process/execute feeds its
/// command to a real shell of this machine, as the daemon does, and files are files below a directory. Not an
/// emulator: what providers/daytona/guest does is to be seen with shells that no sandbox of ours has, and
/// with replies that are lost on purpose.

#include "support/http_server.hpp"
#include "support/temp_dir.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mooring::test {

struct ShellGuestOptions {
  std::vector<std::string> outer = {"bash"};  ///< What the daemon feeds the command to.
  /// A directory in front of PATH, for another `sh` than this machine's.
  std::string pathFirst = {};
  bool onlyThat = false;  ///< PATH holds nothing else.
};

class ShellGuest {
 public:
  explicit ShellGuest(ShellGuestOptions options = ShellGuestOptions());
  ~ShellGuest();
  ShellGuest(const ShellGuest&) = delete;
  ShellGuest& operator=(const ShellGuest&) = delete;

  /// For DAYTONA_API_URL, and for the toolboxUrl of an instance.
  [[nodiscard]] std::string apiUrl() const { return server_->url("/api"); }
  [[nodiscard]] std::string toolboxUrl() const { return server_->url("/toolbox"); }

  /// Where commands start, and where relative paths lead.
  [[nodiscard]] std::filesystem::path home() const { return root_ / "home"; }
  /// Where runs are kept.
  [[nodiscard]] std::filesystem::path runs() const { return root_ / "runs"; }

  /// Does what "POST /process/execute" does with `command`, without HTTP.
  [[nodiscard]] std::string execute(std::string command) const;

  /// Called with each request before it is handled, with its number from 1; when it answers or breaks off the
  /// exchange itself, it returns true.
  void onRequest(std::function<bool(Exchange& exchange, int number)> hook);
  /// Requests so far: "POST /process/execute" …
  [[nodiscard]] std::vector<std::string> requests() const;
  void forgetRequests();

 private:
  void serve(Exchange& exchange);
  void handle(Exchange& exchange, const std::string& path, const std::string& query);
  void upload(Exchange& exchange);
  void download(Exchange& exchange, const std::string& query);
  [[nodiscard]] std::filesystem::path inside(std::string path) const;
  [[nodiscard]] std::string translated(std::string text) const;

  ShellGuestOptions options_;
  TempDir root_;
  mutable std::mutex mutex_;
  std::function<bool(Exchange&, int)> hook_;
  std::vector<std::string> requests_;
  int count_ = 0;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace mooring::test
