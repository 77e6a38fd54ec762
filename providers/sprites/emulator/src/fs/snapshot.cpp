#include "fs/snapshot.hpp"

namespace mooring::sprites::emulated {

namespace {

FileChange changeOf(std::string event, const std::string& path, const FileInfo& info) {
  return {std::move(event), path, info.size, info.type == FileType::directory};
}

}  // namespace

std::vector<FileChange> changesBetween(const Snapshot& before, const Snapshot& after) {
  std::vector<FileChange> changes;
  for (const auto& [path, info] : before) {
    const auto now = after.find(path);
    if (now == after.end() || now->second.type != info.type)
      changes.push_back(changeOf("remove", path, info));
  }
  for (const auto& [path, info] : after) {
    const auto then = before.find(path);
    if (then == before.end() || then->second.type != info.type) {
      changes.push_back(changeOf("create", path, info));
      continue;
    }
    const auto& old = then->second;
    // A directory's time tells of its entries, which speak for themselves.
    const bool written = info.type != FileType::directory &&
                         (old.size != info.size || old.modifiedAt != info.modifiedAt);
    if (written) changes.push_back(changeOf("write", path, info));
    if (old.mode != info.mode) changes.push_back(changeOf("chmod", path, info));
  }
  return changes;
}

}  // namespace mooring::sprites::emulated
