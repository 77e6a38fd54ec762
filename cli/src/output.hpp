// Standard output and error: bytes as they are, and readers that leave early.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/command.hpp>

#include "interrupts.hpp"

#include <atomic>
#include <mutex>
#include <string_view>

namespace mooring::cli {

/// Threads: any. A slow reader slows the writer down; once mooring is interrupted, what would block is
/// dropped.
class Output {
 public:
  explicit Output(Interrupts& interrupts);

  /// False when the bytes could not be written: the reader has left, or the disk is full (then see error()).
  bool write(Stream stream, std::string_view bytes);

  [[nodiscard]] bool isTerminal(Stream stream) const;
  /// The reader of standard output has left; the interrupts' token has fired.
  [[nodiscard]] bool readerLeft() const { return readerLeft_; }
  /// errno of a failed write to standard output; 0 when there was none.
  [[nodiscard]] int error() const { return error_; }

 private:
  bool writeAll(int descriptor, std::size_t most, std::string_view bytes);
  [[nodiscard]] bool awaitRoom(int descriptor) const;

  Interrupts& interrupts_;
  std::size_t mostOut_;
  std::size_t mostErr_;
  std::mutex outMutex_;
  std::mutex errMutex_;
  std::atomic<bool> readerLeft_{false};
  std::atomic<int> error_{0};
};

/// Shows a command's output live.
class LiveOutput final : public OutputSink {
 public:
  explicit LiveOutput(Output& output) : output_(output) {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    output_.write(stream, asText(bytes));
  }

 private:
  Output& output_;
};

/// Standard output as the end of a download.
class OutputFile final : public ByteSink {
 public:
  explicit OutputFile(Output& output) : output_(output) {}
  Task<void> write(std::span<const std::byte> bytes) override;

 private:
  Output& output_;
};

}  // namespace mooring::cli
