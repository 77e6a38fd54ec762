// The shell side of the journal (journal.hpp). POSIX sh; every script gets the journal's directory as $1.
#pragma once

#include <string_view>

namespace mooring::detail::journal_scripts {

/// How scripts answer: exit codes that no step of theirs gives by itself.
constexpr int noJournal = 93;    ///< There is no such command.
constexpr int inputClosed = 94;  ///< It has ended, or its input was closed.
constexpr int badCwd = 95;       ///< The working directory does not exist.

/// $2: the working directory, or nothing; then the command. Its standard input is the command's initial
/// input; with MOORING_INPUT=close it also is all of it. Prints "started" or "exists". The command's group
/// leader is the shell that waits for it: a signal to the group ends both, which is told from an exit by the
/// missing exit file and a dead group. No "&" stands between the caller and the command, for a shell makes
/// what is behind one deaf to SIGINT and SIGQUIT for ever: the leader kills the subshell that waits for it
/// instead.
constexpr std::string_view start = R"sh(
d=$1 cwd=$2; shift 2
if [ -n "$cwd" ]; then cd -- "$cwd" 2>/dev/null || exit 95; fi
umask 077
mkdir -p "${d%/*}" || exit 1
if ! mkdir "$d" 2>/dev/null; then [ -d "$d" ] && echo exists && exit 0; exit 1; fi
cat >"$d/first" && mkfifo "$d/input" "$d/close" "$d/up" && : >"$d/out" && : >"$d/err" || exit 1
ends=$MOORING_INPUT; unset MOORING_INPUT
{ (
  read -r me rest </proc/self/stat
  setsid sh -c '
    d=$1 ends=$2; kill -9 "$3"; shift 3
    read -r stat </proc/$$/stat; set -- "${stat##*) }" "$@"
    born=$(set -- $1; echo "${20}"); shift
    echo "$$ $born" >"$d/pid.new" && mv "$d/pid.new" "$d/pid"
    echo >"$d/up"
    trap : HUP INT QUIT USR1 USR2 PIPE ALRM TERM
    ( trap "" HUP INT QUIT USR1 USR2 PIPE ALRM TERM
      exec 3>"$d/input"; cat "$d/first" >&3 2>/dev/null; rm -f "$d/first"
      [ "$ends" = close ] || read -r line <"$d/close"; : >"$d/closed" ) &
    feeder=$!
    (
      trap - HUP INT QUIT USR1 USR2 PIPE ALRM TERM
      exec "$@" <"$d/input" >"$d/out" 2>"$d/err"
    )
    code=$?
    : >"$d/closed"; kill -9 "$feeder" 2>/dev/null
    echo "$code" >"$d/exit.new" && mv "$d/exit.new" "$d/exit"
  ' sh "$d" "$ends" "$me" "$@"
  :
) } </dev/null >/dev/null 2>&1
read -r line <"$d/up"; rm -f "$d/up"
echo started
)sh";

/// Prints "none", "running", "exited <code>", or "lost".
constexpr std::string_view poll = R"sh(
d=$1
[ -d "$d" ] || { echo none; exit 0; }
if [ -e "$d/exit" ]; then echo "exited $(cat "$d/exit")"; exit 0; fi
[ -e "$d/pid" ] || { echo none; exit 0; }
read -r pid born <"$d/pid"
if read -r stat 2>/dev/null </proc/"$pid"/stat; then
  set -- ${stat##*) }
  if [ "${20}" = "$born" ] && [ "$1" != Z ]; then echo running; exit 0; fi
fi
if [ -e "$d/exit" ]; then echo "exited $(cat "$d/exit")"; else echo lost; fi
)sh";

/// $2: out or err, $3: the first byte wanted, counted from 1, $4: at most how many. Bytes on standard output;
/// whether it has ended is asked before the bytes are read, so that an "ended" is never too early.
constexpr std::string_view output = R"sh(
d=$1
[ -d "$d" ] || exit 93
if [ -e "$d/exit" ]; then echo ended >&2; fi
tail -c "+$3" "$d/$2" | head -c "$4"
)sh";

/// $2: the signal's number.
constexpr std::string_view kill = R"sh(
d=$1
[ -d "$d" ] || exit 93
[ -e "$d/exit" ] && exit 0
read -r pid born <"$d/pid" || exit 93
read -r stat 2>/dev/null </proc/"$pid"/stat || exit 0
sig=$2; set -- ${stat##*) }
[ "${20}" = "$born" ] || exit 0
kill "-$sig" "-$pid" 2>/dev/null
if [ "$sig" = 9 ] && [ ! -e "$d/exit" ]; then echo 137 >"$d/exit.new" && mv "$d/exit.new" "$d/exit"; fi
exit 0
)sh";

/// Standard input goes to the command's. $2: "close" ends it.
constexpr std::string_view input = R"sh(
d=$1
[ -d "$d" ] || exit 93
if [ -e "$d/exit" ] || [ -e "$d/closed" ]; then exit 94; fi
cat 1<>"$d/input" || exit 94
if [ "$2" = close ]; then echo >"$d/close"; fi
)sh";

}  // namespace mooring::detail::journal_scripts
