// Ctrl-C and its like, as a stop token.
#pragma once

#include <stop_token>
#include <thread>

namespace mooring::cli {

/// The first SIGINT, SIGTERM or SIGHUP fires the token, so that what is under way can end in order; the
/// second one leaves at once. One per process: signal handlers are global. Handlers and not blocked or
/// ignored signals, because those would be inherited by the processes that a provider starts; handlers end at
/// exec.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  /// Fires the token without a signal: nobody reads our output any more.
  void stop() { source_.request_stop(); }
  /// The signal that fired it; 0 when none has.
  [[nodiscard]] int signalNumber() const;
  /// Becomes and stays readable with the first signal. For poll().
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  std::stop_source source_;
  std::thread thread_;
};

}  // namespace mooring::cli
