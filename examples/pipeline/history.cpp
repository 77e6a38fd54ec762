#include "history.hpp"

#include <string>

namespace {

std::string inPlainWords(const mooring::SandboxEvent& event) {
  using enum mooring::EventReason;
  const auto detail = event.detail.empty() ? std::string() : ": " + event.detail;
  switch (event.reason) {
    case created:
      return "we wrote down that we want it, before asking for it" + detail;
    case provisioned:
      return "it was made and its setup ran; the provider calls it " + event.detail;
    case foundGone:
      return "it was found to be gone" + detail + "; another one is to be made";
    case recreated:
      return "another one was made and the setup ran again; the provider calls it " + event.detail;
    case resumed:
      return "it was asleep and has been woken" + detail;
    case stopped:
      return "it was stopped" + detail;
    case destroyed:
      return "it was destroyed, because we asked for that" + detail;
    case debtIncurred:
      return "something could not be confirmed, and remains to be done" + detail;
    case debtPaid:
      return "what remained to be done is done" + detail;
    default:
      return std::string(mooring::toString(event.reason)) + detail;
  }
}

}  // namespace

void printHistory(std::ostream& out, const std::vector<mooring::SandboxEvent>& events) {
  for (const auto& event : events) {
    const auto time = mooring::toString(event.at).substr(11, 12);  // Of "2026-01-31T12:00:00.000Z".
    out << "     " << time << "  generation " << event.generation << "  " << inPlainWords(event) << '\n';
  }
}
