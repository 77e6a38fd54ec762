// The bodies that requests bring, read strictly: what is unknown, of the wrong kind or out of range is
// refused by its name. Members that begin with "__" are the vendor's private flags and are skipped.
#pragma once

#include <mooring/error.hpp>

#include "limits.hpp"
#include "state.hpp"
#include "wishes.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::vercel::emulated {

/// The version of the API that a sandbox is made with: its defaults differ.
enum class Version { v2, v3, v4 };

enum class SourceKind { git, tarball, snapshot };

/// What a new sandbox's files come from.
struct Source {
  SourceKind kind = SourceKind::git;
  std::string url = {};
  std::string revision = {};
  std::string username = {};
  std::string password = {};
  std::optional<Millis> depth = {};
  std::string snapshotId = {};
};

struct CreateRequest {
  std::optional<std::string> projectId = {};
  std::optional<std::string> name = {};
  std::optional<Source> source = {};
  Wishes wishes = {};
};

struct UpdateRequest {
  Wishes wishes = {};
  std::optional<std::string> currentSnapshotId = {};
};

struct CommandRequest {
  std::string program = {};
  std::vector<std::string> args = {};
  std::string cwd = {};
  std::map<std::string, std::string> env = {};
  bool sudo = false;
  bool wait = false;
  bool logs = false;
  std::optional<Millis> timeout = {};
};

struct DriveRequest {
  std::optional<std::string> projectId = {};
  std::optional<std::string> region = {};
  std::optional<Millis> maxSizeBytes = {};
};

/// Errors of all: status 400.
Result<CreateRequest> parseCreate(std::string_view body, Version version, const Plan& plan);
Result<CreateRequest> parseFork(std::string_view body, const Plan& plan);
Result<UpdateRequest> parseUpdate(std::string_view body, const Plan& plan);
Result<CommandRequest> parseCommand(std::string_view body);
Result<DriveRequest> parseDrive(std::string_view body);

/// The body of POST …/snapshot: how long it is to be kept.
Result<std::optional<Millis>> parseSnapshot(std::string_view body);

/// A JSON object without its private members. Errors: status 400.
Result<boost::json::object> parsePublic(std::string_view body);

}  // namespace mooring::vercel::emulated
