// cp and ls: files across the border.
#include "assignments.hpp"
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "progress.hpp"
#include "stdin_source.hpp"
#include "table.hpp"
#include "words.hpp"

namespace fs = std::filesystem;

namespace mooring::cli {
namespace {

struct CopyOptions {
  std::string from = {};
  std::string to = {};
};

struct ListFilesOptions {
  std::string place = {};
  bool details = false;
};

/// "a" of "x/a", "x/a/" and "x/a/."; empty for "/", "." and "..".
std::string lastName(const std::string& path) {
  auto normal = fs::path(path).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  const auto name = normal.filename().string();
  return name == "." || name == ".." || name == "/" ? std::string() : name;
}

Result<int> answer(Session& session, const TransferSummary& summary) {
  if (session.json()) session.printJson({{"files", summary.files}, {"bytes", summary.bytes}});
  return exit_code::ok;
}

/// As cp does: a directory that is there takes the copy in, under its old name.
Result<SandboxPath> targetThere(Session& session, const Files& files, const Place& from, const Place& to) {
  const auto name = lastName(from.path);
  auto inside = SandboxPath(to.path + (to.path.ends_with('/') ? "" : "/") + name);
  if (name.empty()) return SandboxPath(to.path);
  if (to.path.ends_with('/')) return inside;
  const auto there = files.stat(to.path, session.call()).get();
  if (there) return there->type == FileType::directory ? inside : SandboxPath(to.path);
  if (there.error().code == Errc::notFound) return SandboxPath(to.path);
  return std::unexpected(there.error());
}

fs::path targetHere(const Place& from, const Place& to) {
  std::error_code ec;
  const auto name = lastName(from.path);
  if (name.empty()) return to.path;
  return to.path.ends_with('/') || fs::is_directory(to.path, ec) ? fs::path(to.path) / name
                                                                 : fs::path(to.path);
}

Result<int> upload(Session& session, const Files& files, const Place& from, const Place& to) {
  if (from.kind == Place::Kind::standard) {
    auto written = files.writeFrom(to.path, makeStdinSource(), WriteOptions(), session.call()).get();
    if (!written) return std::unexpected(std::move(written).error());
    if (session.json()) session.printJson({{"path", bytesToJson(to.path)}});
    return exit_code::ok;
  }
  auto target = targetThere(session, files, from, to);
  if (!target) return std::unexpected(std::move(target).error());
  const Progress progress(session);
  auto summary = files.upload(from.path, std::move(*target), progress.options(), session.call()).get();
  if (!summary) return std::unexpected(std::move(summary).error());
  return answer(session, *summary);
}

Result<int> download(Session& session, const Files& files, const Place& from, const Place& to) {
  if (to.kind == Place::Kind::standard) {
    // Standard output is the file's: --json adds nothing to it.
    auto read = files.readTo(from.path, std::make_shared<OutputFile>(session.output()), 0, session.call())
                    .get();
    if (!read) return std::unexpected(std::move(read).error());
    return exit_code::ok;
  }
  const Progress progress(session);
  auto summary = files.download(from.path, targetHere(from, to), progress.options(), session.call()).get();
  if (!summary) return std::unexpected(std::move(summary).error());
  return answer(session, *summary);
}

Result<int> copy(Session& session, const CopyOptions& options) {
  auto from = parsePlace(options.from);
  if (!from) return std::unexpected(std::move(from).error());
  auto to = parsePlace(options.to);
  if (!to) return std::unexpected(std::move(to).error());
  const bool fromSandbox = from->kind == Place::Kind::sandbox;
  const bool toSandbox = to->kind == Place::Kind::sandbox;
  if (fromSandbox == toSandbox) {
    return failure(Errc::invalidArgument,
                   fromSandbox ? "both ends are in sandboxes: copy to this machine first, then on"
                               : "neither end is in a sandbox: write one of them as ID:PATH");
  }
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  const auto files = service->sandbox(fromSandbox ? from->sandboxId : to->sandboxId).files();
  return fromSandbox ? download(session, files, *from, *to) : upload(session, files, *from, *to);
}

Result<std::vector<FileInfo>> look(Session& session, const Files& files, const Place& place) {
  auto info = files.stat(place.path, session.call()).get();
  if (!info) return std::unexpected(std::move(info).error());
  // A link may lead to a directory; only listing it tells.
  if (info->type == FileType::directory || info->type == FileType::symlink) {
    auto entries = files.list(place.path, session.call()).get();
    if (entries || info->type == FileType::directory) return entries;
  }
  return std::vector{std::move(*info)};
}

Result<int> list(Session& session, const ListFilesOptions& options) {
  auto place = parsePlace(options.place);
  if (!place) return std::unexpected(std::move(place).error());
  if (place->kind != Place::Kind::sandbox) {
    return failure(Errc::invalidArgument, "name the sandbox too: write ID:PATH, or ID: for its home");
  }
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  auto entries = look(session, service->sandbox(place->sandboxId).files(), *place);
  if (!entries) return std::unexpected(std::move(entries).error());
  if (session.json()) {
    for (const auto& entry : *entries)
      session.printJson(toJson(entry));
    return exit_code::ok;
  }
  if (!options.details) {
    for (const auto& entry : *entries)
      session.printLine(printable(entry.name));
    return exit_code::ok;
  }
  Table table({"MODE", "SIZE", "MODIFIED", "NAME"});
  for (const auto& entry : *entries) {
    const auto link = entry.linkTarget.empty() ? std::string() : " -> " + entry.linkTarget;
    table.add({modeText(entry.type, entry.mode),
               std::to_string(entry.size),
               timeText(entry.modifiedAt),
               entry.name + link});
  }
  session.print(session.showsTables() ? table.aligned() : table.tabbed());
  return exit_code::ok;
}

}  // namespace

void addFileCommands(CommandLine& line) {
  auto [copyApp, copyOptions] = line.leaf<CopyOptions>(
      line.root(), "cp", "Copy files and trees into a sandbox or out of it", copy);
  copyApp->add_option("FROM", copyOptions->from, "A path here, ID:PATH in a sandbox, or -")->required();
  copyApp->add_option("TO", copyOptions->to, "The same; exactly one of the two is in a sandbox")->required();
  copyApp->footer(
      R"(Directories are copied whole, modes are kept. Where TO is a directory, or ends with /, the copy goes into it;
else TO is its new name. Paths in a sandbox are absolute or start at its home; ID: alone is the home.
- is standard input or output. A path here that has a colon is written ./like:this.

  mooring cp ./data $id:                  the tree, as data in the home
  mooring cp $id:out/report.pdf .
  pg_dump db | mooring cp - $id:dump.sql)");

  auto [listApp, listOptions] = line.leaf<ListFilesOptions>(
      line.root(), "ls", "List a directory of a sandbox", list);
  listApp->add_option("ID:PATH", listOptions->place, "The directory or file; ID: alone is the home")
      ->required();
  listApp->add_flag("-l", listOptions->details, "With mode, size and time");
  listApp->footer("With --json: one entry a line; mode is a number (420 is 0644).");
}

}  // namespace mooring::cli
