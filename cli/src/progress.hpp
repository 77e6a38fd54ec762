// A line on the terminal that says how far a copy is.
#pragma once

#include "session.hpp"

#include <memory>

namespace mooring::cli {

/// Shown on standard error when that is a terminal and the answer is not JSON; wiped out by the destructor.
class Progress {
 public:
  explicit Progress(Session& session);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  [[nodiscard]] TransferOptions options() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mooring::cli
