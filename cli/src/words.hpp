// Values in words, for people: events, errors, times, sizes; and the reading of durations.
#pragma once

#include <mooring/mooring.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mooring::cli {

/// `text` on one line and without anything that a terminal would act on: control characters become \xNN, \n,
/// \t.
std::string printable(std::string_view text);

/// What went wrong, with the causes that add something, and who said so.
std::string sentence(const Error& error);

/// What an event means.
std::string_view meaning(EventReason reason);

/// What a recovery step does.
std::string_view meaning(RecoveryAction action);

/// "250ms", "30s", "5m", "2h", "1d", and such in a row, as in "1h30m". Nothing for anything else.
std::optional<std::chrono::milliseconds> parseDuration(std::string_view text);
/// In the form that parseDuration reads.
std::string durationText(std::chrono::milliseconds duration);

/// "1.5 MiB".
std::string sizeText(std::uint64_t bytes);

/// "2026-01-31 12:00:00Z".
std::string timeText(Timestamp at);
std::string timeText(const std::optional<Timestamp>& at);

/// "-rw-r--r--", as ls shows it.
std::string modeText(FileType type, int mode);

/// A program and its arguments as a shell would take them.
std::string commandText(const std::string& program, const std::vector<std::string>& args);

}  // namespace mooring::cli
