// What the scripts answer, read as it arrives: a reply of any length needs little memory.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/command.hpp>
#include <mooring/http/parsers/lines.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona {

/// How a run stands, in the scripts' own words.
enum class RunState {
  claimed,  ///< Its key is taken; nobody waits for it yet.
  running,
  ended,
  lost,       ///< It began, and who waited for it is dead: its result will never be known.
  calledOff,  ///< It did not begin and never will.
  unknown,    ///< The sandbox holds nothing of it.
  refused,    ///< It cannot begin; `words` say why.
  input,      ///< `words` say what became of a piece of standard input.
};

/// Pieces [from, to) of one stream were in the answer.
struct Pieces {
  std::uint64_t from = 1;
  std::uint64_t to = 1;
  bool end = false;  ///< No more will come.
};

struct Answer {
  RunState state = RunState::unknown;
  int exitCode = 0;
  std::vector<std::string> words = {};  ///< After "refused", or the one about input.
  bool killed = false;                  ///< Killed on request, before it had ended by itself.
  bool groupDead = false;               ///< After that: nothing of its process group is left.
  bool outputLost = false;              ///< The sandbox could not keep some of its output.
  Pieces out = {};
  Pieces err = {};
};

/// Whoever wants to know before the answer is complete.
struct AnswerEvents {
  std::function<void(const Answer& soFar)> onState = {};  ///< Before any bytes.
  std::function<void(Stream stream, std::string_view bytes)> onBytes = {};
};

/// Takes the reply of /process/execute: {"exitCode": …, "result": "<what the shell printed>"}. What is
/// printed before the scripts' own words (by the shell's start-up files) is skipped.
class AnswerReader final : public ByteSink {
 public:
  AnswerReader(std::string key, AnswerEvents events);
  ~AnswerReader() override;
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  Task<void> write(std::span<const std::byte> bytes) override;

  /// When all has come. Errors: corrupted, with the first words of what came instead of an answer.
  Result<Answer> finish();

 private:
  class Json;
  class Text;
  std::unique_ptr<Text> text_;
  std::unique_ptr<Json> json_;
};

}  // namespace mooring::daytona
