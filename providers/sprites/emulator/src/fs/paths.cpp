#include "fs/paths.hpp"

#include <mooring/emulation/text.hpp>

#include <charconv>

namespace mooring::sprites::emulated {

using emulation::refused;

std::string placed(const std::string& path, const std::string& directory) {
  std::string whole = path;
  if (!path.starts_with('/') && !directory.empty()) whole = directory + "/" + path;
  std::string plain;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const bool dot = whole.compare(i, 2, "./") == 0 && (i == 0 || whole[i - 1] == '/');
    const bool twice = whole[i] == '/' && !plain.empty() && plain.back() == '/';
    if (dot) {
      ++i;
    } else if (!twice) {
      plain += whole[i];
    }
  }
  if (plain.ends_with("/.")) plain.resize(plain.size() - 1);
  while (plain.size() > 1 && plain.back() == '/')
    plain.pop_back();
  return plain.empty() ? "." : plain;
}

Result<std::string> pathIn(const emulation::Request& request) {
  const auto path = request.queryValue("path").value_or("");
  if (path.empty()) return refused(400, "path is required");
  if (path.find('\0') != std::string::npos) return refused(400, "path holds a NUL");
  return placed(path, request.queryValue("workingDir").value_or(""));
}

std::string modeText(int mode) {
  std::string text;
  for (int i = 0; i < 4; ++i, mode >>= 3)
    text.insert(text.begin(), static_cast<char>('0' + (mode & 7)));
  return text;
}

Result<int> parseMode(const std::string& text) {
  int mode = 0;
  constexpr int octal = 8;
  constexpr int most = 07777;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), mode, octal);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || mode < 0 || mode > most)
    return refused(400, "invalid mode: " + text);
  return mode;
}

std::string lastPart(const std::string& path) {
  return path == "/" ? path : path.substr(path.rfind('/') + 1);
}

std::string childOf(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

boost::json::object entryJson(const FileInfo& info, const std::string& path) {
  boost::json::object entry;
  entry["name"] = emulation::validUtf8(lastPart(path));
  entry["path"] = emulation::validUtf8(path);
  entry["type"] = toString(info.type == FileType::other ? FileType::file : info.type);
  entry["size"] = info.size;
  entry["mode"] = modeText(info.mode);
  entry["modTime"] = toString(info.modifiedAt.value_or(Timestamp()));
  entry["isDir"] = info.type == FileType::directory;
  return entry;
}

std::unexpected<Error> fileRefusal(int status, std::string name, std::string reason) {
  auto refusal = refused(status, std::move(reason));
  refusal.error().cause = std::make_shared<const Error>(Error{.message = std::move(name)});
  return refusal;
}

}  // namespace mooring::sprites::emulated
