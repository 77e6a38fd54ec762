#include "definition.hpp"
#include "errors.hpp"

#include <algorithm>

namespace mooring::daytona {

namespace {

constexpr const char* usualPython = "3.12";

/// Nothing that could begin another instruction, or another word of this one.
bool isOneWord(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

bool isVersion(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

/// For the shell that RUN starts.
std::string shellWord(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// "3.12" of "python3.12"; empty when it names none.
std::string versionOf(std::string_view runtime) {
  const auto digit = runtime.find_first_of("0123456789");
  if (digit == std::string_view::npos) return {};
  const auto version = runtime.substr(digit);
  return isVersion(version) ? std::string(version) : std::string();
}

std::unexpected<Error> wrong(const std::string& what) {
  return refuse(Errc::invalidArgument, "declarativeImage" + what);
}

}  // namespace

Result<std::string> dockerfileFor(const DeclarativeImage& image, std::string_view runtime) {
  std::string base = image.base;
  if (base.empty()) {
    auto version = image.python.empty() ? versionOf(runtime) : image.python;
    if (version.empty()) version = usualPython;
    if (!isVersion(version)) return wrong(".python: \"" + version + "\" is no version: write it like 3.12");
    base = "python:" + version + "-slim";
  } else if (!image.python.empty()) {
    return wrong(
        ".python chooses the base python:<version>-slim, so that it cannot go together with a base of one's "
        "own (SANDBOX_DAYTONA_DECLARATIVE_PYTHON and _BASE): leave one of them out");
  }
  if (!isOneWord(base)) return wrong(".base: \"" + base + "\" is no image: write it like debian:12");

  std::string file = "FROM " + base + "\n";
  if (!image.pip.empty()) {
    file += "RUN python3 -m pip install --no-cache-dir";
    for (const auto& package : image.pip) {
      if (!isOneWord(package) || package.front() == '-')
        return wrong(".pip: \"" + package + "\" is no package: write it like numpy==2.1");
      file += " " + shellWord(package);
    }
    file += "\n";
  }
  if (!image.workdir.empty()) {
    if (image.workdir.front() != '/' || !isOneWord(image.workdir))
      return wrong(".workdir: \"" + image.workdir + "\" must be an absolute path without spaces");
    file += "WORKDIR " + image.workdir + "\n";
  }
  return file;
}

}  // namespace mooring::daytona
