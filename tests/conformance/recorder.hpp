#pragma once

/// A sink for tests of live output.

#include <mooring/command.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace mooring::conformance {

/// Keeps all that it sees, and says when there is enough.
class Recorder final : public OutputSink {
 public:
  explicit Recorder(std::string awaited = std::string()) : awaited_(std::move(awaited)) {}

  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(mutex_);
    (stream == Stream::out ? out_ : err_) += asText(bytes);
    if (!said_ && !awaited_.empty() && out_.find(awaited_) != std::string::npos) {
      said_ = true;
      seen_.set_value();
    }
  }

  /// Blocks until `awaited` has been printed.
  bool awaitSeen() {
    return seen_.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready;
  }
  std::string out() {
    const std::lock_guard lock(mutex_);
    return out_;
  }
  std::string err() {
    const std::lock_guard lock(mutex_);
    return err_;
  }

 private:
  std::mutex mutex_;
  std::string awaited_;
  bool said_ = false;
  std::promise<void> seen_;
  std::string out_;
  std::string err_;
};

}  // namespace mooring::conformance
