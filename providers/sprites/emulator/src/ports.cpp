#include "ports.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace mooring::sprites::emulated {

namespace {

std::vector<std::string_view> wordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

int numberOf(std::string_view text, int base) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

}  // namespace

std::string portScript() {
  return R"sh(
awk 'FNR > 1 && $4 == "0A" { split($2, where, ":"); print "L", where[2], $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
for process in /proc/[0-9]*; do
  for file in "$process"/fd/*; do
    link=$(readlink "$file" 2>/dev/null) || continue
    case $link in socket:*) link=${link#socket:[}; echo "P ${process#/proc/} ${link%]}" ;; esac
  done
done
)sh";
}

std::vector<ListeningPort> listeningPorts(std::string_view text) {
  constexpr int hex = 16;
  constexpr int decimal = 10;
  std::map<std::string, int, std::less<>> portOf;  // By inode.
  std::map<int, int> owners;                       // By port.
  std::vector<std::vector<std::string_view>> owned;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto words = wordsOf(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() != 3) continue;
    if (words[0] == "L") portOf.emplace(words[2], numberOf(words[1], hex));
    if (words[0] == "P") owned.push_back(words);
  }
  for (const auto& words : owned) {
    const auto port = portOf.find(words[2]);
    if (port != portOf.end()) owners.try_emplace(port->second, numberOf(words[1], decimal));
  }
  std::vector<ListeningPort> all;
  all.reserve(owners.size());
  for (const auto& [port, pid] : owners)
    all.push_back({port, pid});
  return all;
}

}  // namespace mooring::sprites::emulated
