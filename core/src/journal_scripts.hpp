// The shell side of the journal (journal.hpp). POSIX sh; every script is run behind `place`.
#pragma once

#include <string_view>

namespace mooring::detail::journal_scripts {

/// How scripts answer: exit codes that no step of theirs gives by itself.
constexpr int noJournal = 93;    ///< There is no such command.
constexpr int inputClosed = 94;  ///< It has ended, or its input was closed.
constexpr int badCwd = 95;       ///< The working directory does not exist.

/// Goes before each of the scripts: $1, the command's id, becomes its directory in $d. /var/tmp is what
/// systems keep when they restart (FHS 5.15), and sandboxes when they sleep; where an image has none, /tmp
/// has to do. `leader` prints its group's id while that is what it was: ids and times of birth come again
/// with each boot.
constexpr std::string_view place = R"sh(
d=/var/tmp; [ -w "$d" ] || d=/tmp
d=$d/.mooring/$1; shift
boot_id() { cat /proc/sys/kernel/random/boot_id 2>/dev/null; }
leader() (
  read -r pid born boot <"$d/pid" && [ "$boot" = "$(boot_id)" ] || exit
  read -r stat 2>/dev/null </proc/"$pid"/stat || exit
  set -- ${stat##*) }
  [ "${20}" != "$born" ] || [ "$1" = Z ] || echo "$pid"
)
)sh";

/// $1: the working directory, or nothing; then the command. Its standard input is the command's initial
/// input; with MOORING_INPUT=close it also is all of it. Prints "started" or "exists". The command's group
/// leader is the shell that waits for it: a signal to the group ends both, which is told from an exit by the
/// missing exit file and a dead group. No "&" stands between the caller and the command, for a shell makes
/// what is behind one deaf to SIGINT and SIGQUIT for ever: the leader kills the subshell that waits for it
/// instead.
constexpr std::string_view start = R"sh(
cwd=$1; shift
if [ -n "$cwd" ]; then cd -- "$cwd" 2>/dev/null || exit 95; fi
umask 077
mkdir -p "${d%/*}" || exit 1
if ! mkdir "$d" 2>/dev/null; then [ -d "$d" ] && echo exists && exit 0; exit 1; fi
cat >"$d/first" && mkfifo "$d/input" "$d/close" "$d/up" && : >"$d/out" && : >"$d/err" || exit 1
ends=$MOORING_INPUT boot=$(boot_id); unset MOORING_INPUT
{ (
  read -r me rest </proc/self/stat
  setsid sh -c '
    d=$1 ends=$2 boot=$3; kill -9 "$4"; shift 4
    read -r stat </proc/$$/stat; set -- "${stat##*) }" "$@"
    born=$(set -- $1; echo "${20}"); shift
    echo "$$ $born $boot" >"$d/pid.new" && mv "$d/pid.new" "$d/pid"
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
  ' sh "$d" "$ends" "$boot" "$me" "$@"
  :
) } </dev/null >/dev/null 2>&1
read -r line <"$d/up"; rm -f "$d/up"
echo started
)sh";

/// Prints "none", "running", "exited <code>", or "lost".
constexpr std::string_view poll = R"sh(
[ -d "$d" ] || { echo none; exit 0; }
if [ -e "$d/exit" ]; then echo "exited $(cat "$d/exit")"; exit 0; fi
[ -e "$d/pid" ] || { echo none; exit 0; }
if [ -n "$(leader)" ]; then echo running; exit 0; fi
if [ -e "$d/exit" ]; then echo "exited $(cat "$d/exit")"; else echo lost; fi
)sh";

/// $1: out or err, $2: the first byte wanted, counted from 1, $3: at most how many. Bytes on standard output;
/// whether it has ended is asked before the bytes are read, so that an "ended" is never too early.
constexpr std::string_view output = R"sh(
[ -d "$d" ] || exit 93
if [ -e "$d/exit" ]; then echo ended >&2; fi
tail -c "+$2" "$d/$1" | head -c "$3"
)sh";

/// $1: the signal's number.
constexpr std::string_view kill = R"sh(
[ -d "$d" ] || exit 93
[ -e "$d/exit" ] && exit 0
[ -e "$d/pid" ] || exit 93
pid=$(leader)
[ -n "$pid" ] || exit 0
kill "-$1" "-$pid" 2>/dev/null
if [ "$1" = 9 ] && [ ! -e "$d/exit" ]; then echo 137 >"$d/exit.new" && mv "$d/exit.new" "$d/exit"; fi
exit 0
)sh";

/// Standard input goes to the command's. $1: "close" ends it.
constexpr std::string_view input = R"sh(
[ -d "$d" ] || exit 93
if [ -e "$d/exit" ] || [ -e "$d/closed" ]; then exit 94; fi
cat 1<>"$d/input" || exit 94
if [ "$1" = close ]; then echo >"$d/close"; fi
)sh";

}  // namespace mooring::detail::journal_scripts
