#include "exec/gate.hpp"

#include <mooring/http/url.hpp>

#include "errors.hpp"

#include <algorithm>

namespace mooring::sprites {

namespace {

// Standard input: the mark, then one line each for what is to be run, then "go". A capital letter says that
// the line is escaped for `printf %b`. `read` takes a byte at a time, so that what follows is left to the
// command. Names begin with m_, as the command's environment is set on the way. The command is the leader of
// a session of its own. Whatever its children hold open, it has ended when its process has: the gate then
// prints its mark to both streams, in one write each, and everything before it is the output. What stands
// before an `&` ignores SIGINT and SIGQUIT: bash takes that back by `trap -`, dash never, but env can. dash
// knows no `--` after the signal of `kill`.
constexpr std::string_view script = R"sh(
IFS= read -r m_mark || exit 125
m_cwd= m_path= m_own= m_anyway= m_go= m_child= m_killed=
while IFS= read -r m_line; do
  m_text=${m_line#?}
  case $m_line in A*|V*|P*|D*) m_text=$(printf '%b.' "$m_text"); m_text=${m_text%.} ;; esac
  case $m_line in
    a*|A*) set -- "$@" "$m_text" ;;
    v*|V*) export "$m_text" ;;
    p*|P*) m_path=$m_text m_own=1 ;;
    d*|D*) m_cwd=$m_text ;;
    r) m_anyway=1 ;;
    go) m_go=1; break ;;
  esac
done
[ -n "$m_go" ] || exit 125
m_fail() { printf '%s %s\n' "$m_mark" "$1"; exit 125; }
[ -n "$m_anyway" ] || [ ! -e .mooring-stopped ] || m_fail stopped
m_tool=$(command -v setsid) || m_fail 'lacks setsid'
m_env=$(command -v env)
[ -z "$m_cwd" ] || cd -- "$m_cwd" 2>/dev/null || m_fail nowhere
m_killAll() { kill -9 "-$m_child" || kill -9 "$m_child"; }
trap 'm_killed=1; [ -z "$m_child" ] || m_killAll' TERM HUP
printf '%s started\n' "$m_mark"
exec 6>&2 2>/dev/null 7<&0 </dev/null
set -- "$m_tool" "$@"
! "$m_env" --default-signal=INT,QUIT true || set -- "$m_env" --default-signal=INT,QUIT "$@"
(
  trap - INT QUIT
  [ -z "$m_own" ] || export "PATH=$m_path"
  exec "$@"
) <&7 2>&6 6>&- 7<&- &
m_child=$!
exec 7<&-
[ -z "$m_killed" ] || m_killAll
while :; do wait "$m_child"; m_code=$?; kill -0 "$m_child" || break; done
trap '' TERM HUP
m_how=ended
if [ -n "$m_killed" ]; then
  m_how=killed m_code=137 m_left=100
  while kill -0 "-$m_child" && [ "$m_left" -gt 0 ]; do sleep 0.05; m_left=$((m_left - 1)); done
  ! kill -0 "-$m_child" || m_how=struck
fi
printf '%s\n' "$m_mark" >&6
printf '%s %s %s\n' "$m_mark" "$m_how" "$m_code"
exit "$m_code"
)sh";

bool isPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
}

/// `lower` before a text that goes as it is, its capital before one that is escaped.
void appendLine(std::string& out, char lower, std::string_view text) {
  if (isPlain(text)) {
    out += lower;
    out += text;
  } else {
    out += static_cast<char>(lower - 'a' + 'A');
    for (const char c : text) {
      if (isPlain({&c, 1})) {
        out += c;
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      out += "\\0";
      out += static_cast<char>('0' + byte / 64);
      out += static_cast<char>('0' + byte / 8 % 8);
      out += static_cast<char>('0' + byte % 8);
    }
  }
  out += '\n';
}

bool isVariableName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<Gated> gate(const CommandSpec& command, std::string nonce, AtRest atRest) {
  if (command.program.empty()) return refuse(Errc::invalidArgument, "command.program is empty");
  Gated out;
  out.mark = "mooring-" + std::move(nonce);
  out.header = out.mark + "\n";
  if (atRest == AtRest::allowed) out.header += "r\n";
  for (const auto& [name, value] : command.env) {
    if (!isVariableName(name)) {
      return refuse(Errc::invalidArgument,
                    "env: \"" + name + "\" is no name that a shell can set: use letters, digits and '_'");
    }
    // The gate needs the sprite's PATH; the command gets its own.
    if (name == "PATH") {
      appendLine(out.header, 'p', value);
    } else {
      appendLine(out.header, 'v', name + "=" + value);
    }
  }
  // A relative one is never taken for an option, nor looked up elsewhere.
  if (!command.cwd.empty())
    appendLine(out.header, 'd', command.cwd.starts_with('/') ? command.cwd : "./" + command.cwd);
  appendLine(out.header, 'a', command.program);
  for (const auto& arg : command.args)
    appendLine(out.header, 'a', arg);
  return out;
}

std::string_view gateScript() { return script; }

std::string gateQuery() {
  const std::vector<std::pair<std::string, std::string>> query = {
      {"cmd", "sh"}, {"cmd", "-c"}, {"cmd", std::string(script)}, {"path", "sh"}, {"stdin", "true"}};
  return http::queryString(query);
}

}  // namespace mooring::sprites
