#include "toolbox/git_status.hpp"

#include "toolbox/text.hpp"

#include <boost/json/array.hpp>

#include <charconv>
#include <vector>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

std::string_view wordFor(char letter) {
  switch (letter) {
    case '?':
      return "Untracked";
    case 'M':
    case 'T':
      return "Modified";
    case 'A':
      return "Added";
    case 'D':
      return "Deleted";
    case 'R':
      return "Renamed";
    case 'C':
      return "Copied";
    case 'U':
      return "Updated but unmerged";
    default:
      return "Unmodified";
  }
}

/// The part behind `count` blanks.
std::string_view afterBlanks(std::string_view record, int count) {
  for (; count > 0; --count) {
    const auto blank = record.find(' ');
    if (blank == std::string_view::npos) return {};
    record.remove_prefix(blank + 1);
  }
  return record;
}

json::object fileStatus(std::string_view name, char staged, char changed, std::string_view extra) {
  json::object file;
  file["name"] = validUtf8(name);
  file["staging"] = wordFor(staged);
  file["worktree"] = wordFor(changed);
  file["extra"] = validUtf8(extra);
  return file;
}

int numberAt(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void readBranch(json::object& status, std::string_view record) {
  constexpr std::string_view head = "# branch.head ";
  constexpr std::string_view upstream = "# branch.upstream ";
  constexpr std::string_view distance = "# branch.ab +";
  if (record.starts_with(head)) {
    const auto name = record.substr(head.size());
    const bool detached = name == "(detached)";
    status["currentBranch"] = detached ? "HEAD" : validUtf8(name);
    status["detached"] = detached;
  } else if (record.starts_with(upstream)) {
    status["upstream"] = validUtf8(record.substr(upstream.size()));
    status["branchPublished"] = true;
  } else if (record.starts_with(distance)) {
    const auto numbers = record.substr(distance.size());
    status["ahead"] = numberAt(numbers);
    const auto behind = numbers.find('-');
    if (behind != std::string_view::npos) status["behind"] = numberAt(numbers.substr(behind + 1));
  }
}

}  // namespace

json::object gitStatus(std::string_view porcelain) {
  // Before the name: "1 XY sub mH mI mW hH hI", "2 …" with a score, "u …" with two modes and hashes more.
  constexpr int beforeChanged = 8;
  constexpr int beforeRenamed = 9;
  constexpr int beforeUnmerged = 10;
  json::object status;
  status["currentBranch"] = "";
  status["ahead"] = 0;
  status["behind"] = 0;
  status["branchPublished"] = false;
  json::array files;
  while (!porcelain.empty()) {
    const auto next = [&] {
      const auto end = porcelain.find('\0');
      const auto record = porcelain.substr(0, end);
      porcelain.remove_prefix(end == std::string_view::npos ? porcelain.size() : end + 1);
      return record;
    };
    const auto record = next();
    if (record.size() < 4) continue;
    switch (record.front()) {
      case '#':
        readBranch(status, record);
        break;
      case '1':
        files.emplace_back(fileStatus(afterBlanks(record, beforeChanged), record[2], record[3], ""));
        break;
      case '2':
        files.emplace_back(fileStatus(afterBlanks(record, beforeRenamed), record[2], record[3], next()));
        break;
      case 'u':
        files.emplace_back(fileStatus(afterBlanks(record, beforeUnmerged), 'U', 'U', ""));
        break;
      case '?':
        files.emplace_back(fileStatus(record.substr(2), '?', '?', ""));
        break;
      default:
        break;
    }
  }
  status["fileStatus"] = std::move(files);
  return status;
}

}  // namespace mooring::daytona::emulator
