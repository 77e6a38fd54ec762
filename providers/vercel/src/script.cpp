#include "script.hpp"

#include <mooring/detail/base64.hpp>
#include <mooring/detail/json_text.hpp>

#include "errors.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace json = boost::json;

namespace mooring::vercel {

namespace {

// $1 scratch directory, $2 mark, $3 working directory, $4 whether arguments are base64, $5 input; then the
// command. Each stream runs through a named pipe and a pump, which writes what it reads as base64, at once
// and whatever its length. A pump ends at the mark, not at the end of the pipe: a background process may keep
// that open for ever. Pumps ignore SIGTERM, which may be sent to the whole group; it
// may end any tool that is at work before the command begins, which then does not begin. What stands before
// an `&` ignores SIGINT and SIGQUIT: bash takes that back by `trap -`, dash never, but env can. dash knows no
// `--` after the signal of `kill`.
constexpr std::string_view wrapper = R"sh(
d=$1 mark=$2 cwd=$3 coded=$4 input=$5; shift 5
say() { echo ".$*" >&8; }
stop() { say killed; rm -rf "$d"; exit 137; }
fail() { [ -z "$killed" ] || stop; say "$@"; exit 125; }
exec 8>&2
child= killed=
killAll() { kill -9 "-$child" || kill -9 "$child"; }
trap 'killed=1; [ -z "$child" ] || killAll' TERM
for tool in base64 dd mkfifo setsid grep; do command -v $tool >/dev/null || fail tool $tool; done
decode() { text=$(printf %s "$1" | base64 -d; echo .); text=${text%.}; }
if [ "$coded" = coded ]; then
  decode "$cwd"; cwd=$text left=$#
  while [ "$left" -gt 0 ]; do decode "$1"; shift; set -- "$@" "$text"; left=$((left - 1)); done
fi
for name in $MOORING_RUN_CODED; do eval "decode \"\$$name\""; export "$name=$text"; done
unset MOORING_RUN_CODED
mkdir -p -m 700 "$d" && mkfifo "$d/1" "$d/2" || fail scratch
if [ -n "$cwd" ]; then cd -- "$cwd" 2>/dev/null || { rm -rf "$d"; fail cwd; }; fi
pump() {
  trap '' TERM
  new=$d/$1a old=$d/$1b
  : >"$old"
  while dd bs=65536 count=1 of="$new" 2>/dev/null && [ -s "$new" ]; do
    base64 "$new"
    if [ -e "$d/end" ] && cat "$old" "$new" | grep -cF "$mark" >/dev/null; then break; fi
    swap=$old old=$new new=$swap
  done <"$d/$1"
}
pump 1 8>&- & out=$!
pump 2 >&2 8>&- & err=$!
exec 2>/dev/null 5>"$d/1" 6>"$d/2"
case $input in
  none) exec 7</dev/null ;;
  text) printf %s "$MOORING_RUN_INPUT" | base64 -d >"$d/0" && exec 7<"$d/0" ;;
  files) mkfifo "$d/0"; cat "$d"/in/* >"$d/0" 5>&- 6>&- 8>&- & exec 7<"$d/0" ;;
esac
[ -z "$killed" ] || stop
(
  trap - INT QUIT
  tool=$(command -v setsid) reset=$(command -v env)
  if "$reset" --default-signal=INT,QUIT true; then reset="$reset --default-signal=INT,QUIT"; else reset=; fi
  [ -z "${MOORING_RUN_PATH+x}" ] || export "PATH=$MOORING_RUN_PATH"
  unset MOORING_RUN_PATH MOORING_RUN_INPUT
  exec $reset "$tool" "$@"
) <&7 >&5 2>&6 5>&- 6>&- 7<&- 8>&- &
child=$!
exec 7<&-
[ -z "$killed" ] || killAll
while :; do wait "$child"; code=$?; kill -0 "$child" || break; done
trap '' TERM
if [ -n "$killed" ]; then
  code=137 left=100
  while kill -0 "-$child" && [ "$left" -gt 0 ]; do sleep 0.05; left=$((left - 1)); done
  kill -0 "-$child" || say killed
fi
: >"$d/end"; printf %s "$mark" >&5; printf %s "$mark" >&6
exec 5>&- 6>&-
wait "$out"; wait "$err"
rm -rf "$d"
exit "$code"
)sh";

bool isVariableName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// The environment as JSON can hold it: a value that is no UTF-8 goes as base64, and MOORING_RUN_CODED names
/// it.
Result<json::object> environmentOf(const CommandSpec& command) {
  json::object env;
  std::string coded;
  for (const auto& [name, value] : command.env) {
    if (detail::isUtf8(name) && detail::isUtf8(value)) {
      // The wrapper needs the system's PATH; the command gets its own.
      env[name == "PATH" ? "MOORING_RUN_PATH" : name] = value;
      continue;
    }
    if (!isVariableName(name) || name == "PATH") {
      return refuse(Errc::invalidArgument,
                    "env: a value that is not UTF-8 needs a name of letters, digits and '_', and not PATH");
    }
    env[name] = detail::encodeBase64(value);
    coded += (coded.empty() ? "" : " ") + name;
  }
  if (!coded.empty()) env["MOORING_RUN_CODED"] = coded;
  return env;
}

}  // namespace

std::string scratchDirectory(std::string_view nonce) { return "/tmp/.mooring-" + std::string(nonce); }

Result<Wrapped> wrap(const CommandSpec& command,
                     std::string nonce,
                     Input input,
                     std::string_view inlineInput) {
  if (command.program.empty()) return refuse(Errc::invalidArgument, "command.program is empty");
  auto env = environmentOf(command);
  if (!env) return std::unexpected(std::move(env).error());
  if (input == Input::text) (*env)["MOORING_RUN_INPUT"] = detail::encodeBase64(inlineInput);

  Wrapped out;
  out.mark = "\x1e mooring " + nonce;
  const bool plain = detail::isUtf8(command.program) && detail::isUtf8(command.cwd) &&
                     std::ranges::all_of(command.args, detail::isUtf8);
  const auto text = [plain](const std::string& bytes) { return plain ? bytes : detail::encodeBase64(bytes); };
  json::array args{"-c", wrapper, "mooring", scratchDirectory(nonce), out.mark};
  args.emplace_back(text(command.cwd));
  args.emplace_back(plain ? "plain" : "coded");
  args.emplace_back(input == Input::none ? "none" : input == Input::text ? "text" : "files");
  args.emplace_back(text(command.program));
  for (const auto& arg : command.args)
    args.emplace_back(text(arg));
  out.body = {{"command", "/bin/sh"}, {"args", std::move(args)}, {"env", std::move(*env)}, {"sudo", false}};
  out.nonce = std::move(nonce);
  return out;
}

}  // namespace mooring::vercel
