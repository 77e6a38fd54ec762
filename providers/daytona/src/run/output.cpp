#include "run/output.hpp"

#include <algorithm>

namespace mooring::daytona {

AnswerEvents Output::attempt() {
  out_.seen = 0;
  err_.seen = 0;
  AnswerEvents events;
  events.onState = [this](const Answer& answer) { onState(answer); };
  events.onBytes = [this](Stream stream, std::string_view bytes) { onBytes(stream, bytes); };
  return events;
}

void Output::onState(const Answer& answer) {
  const bool began = answer.state == RunState::running || answer.state == RunState::ended ||
                     answer.state == RunState::lost;
  if (began && !std::exchange(started_, true)) observer_->onStarted();
  ended_ = ended_ || answer.state == RunState::ended;
}

void Output::onBytes(Stream stream, std::string_view bytes) {
  auto& flow = stream == Stream::out ? out_ : err_;
  const auto known = flow.passed > flow.seen ? std::min<std::uint64_t>(flow.passed - flow.seen, bytes.size())
                                             : std::uint64_t{0};
  flow.seen += bytes.size();
  bytes.remove_prefix(static_cast<std::size_t>(known));
  if (bytes.empty()) return;
  flow.passed += bytes.size();
  pass(stream, flow, bytes);
}

void Output::pass(Stream stream, Flow& flow, std::string_view bytes) {
  if (flow.closed) return;
  if (!ended_) return observer_->onOutput(stream, asBytes(bytes));
  flow.held += bytes;
  const auto mark = flow.held.find(mark_);
  flow.closed = mark != std::string::npos;
  const auto sure = flow.closed ? mark : flow.held.size() - std::min(flow.held.size(), mark_.size() - 1);
  if (sure > 0) observer_->onOutput(stream, asBytes(std::string_view(flow.held).substr(0, sure)));
  flow.held.erase(0, sure);
}

void Output::settle(const Answer& answer) {
  position_.outKept = position_.out;
  position_.errKept = position_.err;
  position_.out = answer.out.to;
  position_.err = answer.err.to;
  settle(Stream::out, out_, answer.out);
  settle(Stream::err, err_, answer.err);
}

void Output::settle(Stream stream, Flow& flow, const Pieces& pieces) {
  flow.kept = flow.passed;
  flow.passed = 0;
  flow.seen = 0;
  if (!pieces.end || flow.closed) return;
  flow.closed = true;
  if (!flow.held.empty()) observer_->onOutput(stream, asBytes(flow.held));
  flow.held.clear();
}

}  // namespace mooring::daytona
