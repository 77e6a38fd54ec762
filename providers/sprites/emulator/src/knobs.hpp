// What `mooring emulate sprites --set name=value` knows.
#pragma once

#include <mooring/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace mooring::sprites::emulated {

struct Knobs {
  using Span = std::chrono::milliseconds;

  std::string token = {};                 ///< "token": the only one accepted. Empty: any.
  std::string organization = "emulated";  ///< "organization": of tokens that do not name one.
  Span idle = std::chrono::seconds(30);   ///< "idleMs": then it is warm. 0: never.
  Span chill = std::chrono::minutes(10);  ///< "chillMs": then it is cold. 0: never.
  Span create = {};                       ///< "createMs": creating takes at least that.
  Span wake = {};                         ///< "wakeMs": so does waking.
  Span restore = {};                      ///< "restoreMs": so does coming back from a restore.
  Span linger = std::chrono::seconds(5);  ///< "lingerMs": from a command's end to the close.
  Span attachDelay = {};      ///< "attachDelayMs": a socket attaches so late, or when the command has ended.
  Span framePause = Span(3);  ///< "framePauseMs": between the chunks of HTTP exec.
  Span look = Span(100);      ///< "lookMs": how often watches look.
  Span heartbeat = std::chrono::seconds(15);  ///< "heartbeatMs": of the watched list.
  std::int64_t replayBytes = 65536;           ///< "replayBytes": kept of a session for who attaches.
  std::int64_t longestTarget = 40960;         ///< "longestTarget": beyond it a request is 414.
  std::int64_t conflictStatus = 409;          ///< "conflictStatus": 409 or 400, for a name that is taken.
  std::int64_t hiddenLooks = 0;               ///< "hiddenLooks": so often a new sprite is not found.
  std::int64_t teardownCreates = 0;           ///< "teardownCreates": so often a deleted name is still taken.
  std::int64_t mostActive = 0;                ///< "mostActive": more awake at a time are 429. 0: any number.
  std::int64_t webPort = 8080;                ///< "webPort": this machine's port that is a sprite's 8080.
  bool tellsFileCodes = true;                 ///< "fileErrorCodes": "told" or "missing".
  bool urlHangs = true;                       ///< "silentUrl": "hangs" or "refuses", when nothing listens.
};

/// Errors: invalidArgument naming the setting.
Result<Knobs> parseKnobs(const std::map<std::string, std::string>& settings);

}  // namespace mooring::sprites::emulated
