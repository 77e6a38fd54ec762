#include "words.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <limits>
#include <utility>

namespace mooring::cli {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

/// The longest first, so that durationText() takes the largest.
constexpr std::array units{
    Unit{"d", 86'400'000},
    Unit{"h", 3'600'000},
    Unit{"m", 60'000},
    Unit{"s", 1'000},
    Unit{"ms", 1},
};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool isPlain(const std::string& text) {
  constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
  return !text.empty() && text.find_first_not_of(safe) == std::string::npos;
}

std::string quoted(const std::string& text) {
  if (isPlain(text)) return text;
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    // U+0080 to U+009F are control characters too: 0xC2 and one of 0x80 to 0x9F.
    const bool wide = byte == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F || wide) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string sentence(const Error& error) {
  std::string out = error.message.empty() ? std::string(toString(error.code)) : error.message;
  std::string_view said = error.message;
  for (auto cause = error.cause; cause; cause = cause->cause) {
    if (!said.ends_with(cause->message)) out += "; because " + cause->message;
    said = cause->message;
  }
  std::string facts(toString(error.code));
  if (!error.provider.empty()) facts += ", " + error.provider;
  if (error.httpStatus != 0) facts += fmt::format(", status {}", error.httpStatus);
  if (!error.requestId.empty()) facts += ", request " + error.requestId;
  if (error.retryAfter) facts += ", try again in " + durationText(*error.retryAfter);
  return out + " [" + facts + "]";
}

std::string_view meaning(EventReason reason) {
  switch (reason) {
    case EventReason::created:
      return "creation was asked for";
    case EventReason::provisioned:
      return "the provider made it and its setup ran";
    case EventReason::provisionFailed:
      return "the provider could not make it";
    case EventReason::setupFailed:
      return "a step of its setup failed";
    case EventReason::outcomeUnknown:
      return "whether it was made is not known; `mooring recover` finds out";
    case EventReason::foundGone:
      return "its provider proved that it no longer exists";
    case EventReason::resumed:
      return "it was reached again with its files as they were";
    case EventReason::recreateStarted:
      return "a new generation was begun";
    case EventReason::recreated:
      return "a new generation stands; what was not in its setup or on volumes is lost";
    case EventReason::leaseTakenOver:
      return "whoever was creating it fell silent; another process took over";
    case EventReason::adopted:
      return "recovery found that an interrupted creation had succeeded";
    case EventReason::stopped:
      return "it was stopped";
    case EventReason::destroyed:
      return "it was destroyed";
    case EventReason::extended:
      return "its lifetime was extended";
    case EventReason::expired:
      return "its lifetime was over, and recovery stopped it";
    case EventReason::checkpointRestored:
      return "its files were put back to a checkpoint";
    case EventReason::debtIncurred:
      return "a step could not be confirmed; `mooring recover` repeats it";
    case EventReason::debtPaid:
      return "a step that was owed is done";
    case EventReason::warning:
      return "something optional went wrong";
  }
  return "something this version has no words for";
}

std::string_view meaning(RecoveryAction action) {
  switch (action) {
    case RecoveryAction::cancelDebt:
      return "forget a step that is no longer owed";
    case RecoveryAction::payStop:
      return "stop what could not be stopped";
    case RecoveryAction::payDestroy:
      return "destroy what could not be destroyed";
    case RecoveryAction::destroyOrphan:
      return "destroy a sandbox that belongs to no record";
    case RecoveryAction::expire:
      return "stop what has outlived its lifetime";
    case RecoveryAction::adopt:
      return "take over what an interrupted creation has made";
    case RecoveryAction::markError:
      return "give up an interrupted creation";
    case RecoveryAction::markGone:
      return "note that it no longer exists";
    case RecoveryAction::rebuild:
      return "make a new generation";
  }
  return "something this version has no words for";
}

std::optional<std::chrono::milliseconds> parseDuration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr auto most = std::numeric_limits<std::int64_t>::max() / 1'000'000;  // Fits into nanoseconds.
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && isDigit(text[digits]); ++digits) {
      number = number * 10 + (text[digits] - '0');
      if (number > most) return std::nullopt;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < text.size() && !isDigit(text[letters]))
      ++letters;
    const auto name = text.substr(0, letters);
    text.remove_prefix(letters);
    const Unit* unit = nullptr;
    for (const auto& known : units) {
      if (known.name == name) unit = &known;
    }
    if (unit == nullptr || number > most / unit->milliseconds) return std::nullopt;
    total += number * unit->milliseconds;
    if (total > most) return std::nullopt;
  }
  return std::chrono::milliseconds(total);
}

std::string durationText(std::chrono::milliseconds duration) {
  auto left = duration.count();
  if (left <= 0) return "0s";
  std::string out;
  for (const auto& unit : units) {
    if (left >= unit.milliseconds) out += fmt::format("{}{}", left / unit.milliseconds, unit.name);
    left %= unit.milliseconds;
  }
  return out;
}

std::string sizeText(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::string_view unit = "B";
  for (const std::string_view next : {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

std::string timeText(Timestamp at) {
  auto text = mooring::toString(at);  // 2026-01-31T12:00:00.000Z
  if (text.size() == 24) {
    text[10] = ' ';
    text.erase(19, 4);
  }
  return text;
}

std::string timeText(const std::optional<Timestamp>& at) { return at ? timeText(*at) : std::string(); }

std::string modeText(FileType type, int mode) {
  std::string out = type == FileType::directory ? "d"
                    : type == FileType::symlink ? "l"
                    : type == FileType::file    ? "-"
                                                : "?";
  for (int shift = 6; shift >= 0; shift -= 3) {
    const auto bits = static_cast<unsigned>(mode) >> static_cast<unsigned>(shift);
    out += (bits & 4U) != 0 ? 'r' : '-';
    out += (bits & 2U) != 0 ? 'w' : '-';
    out += (bits & 1U) != 0 ? 'x' : '-';
  }
  return out;
}

std::string commandText(const std::string& program, const std::vector<std::string>& args) {
  std::string out = quoted(program);
  for (const auto& arg : args)
    out += " " + quoted(arg);
  return out;
}

}  // namespace mooring::cli
