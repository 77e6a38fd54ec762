/// The shell side of files, for providers whose own calls about them are not exact. POSIX sh with GNU find
/// and mv; paths come as arguments and begin with '/' or './' (plainPath() in file_answers.hpp).
#pragma once

#include <string_view>

namespace mooring::guest::file_scripts {

/// How scripts answer: exit codes that no step of theirs gives by itself.
constexpr int missing = 94;      ///< There is no such file.
constexpr int noDirectory = 95;  ///< Something else is where a directory was expected.
constexpr int inTheWay = 96;     ///< Something else is where something was to be made, or a whole directory.

/// $1: a directory. For each entry "<type> <mode> <size> <seconds> <name>", NUL, the link's target, NUL.
constexpr std::string_view list = R"sh(
[ -e "$1" ] || [ -L "$1" ] || exit 94
[ -d "$1" ] || exit 95
exec find "$1/" -mindepth 1 -maxdepth 1 -printf '%y %m %s %T@ %f\0%l\0'
)sh";

/// $1: anything. The same about itself.
constexpr std::string_view stat = R"sh(
[ -e "$1" ] || [ -L "$1" ] || exit 94
exec find "$1" -maxdepth 0 -printf '%y %m %s %T@ %f\0%l\0'
)sh";

/// $1: the directory, $2: its mode.
constexpr std::string_view makeDirectory = R"sh(
[ ! -d "$1" ] || exit 0
if [ -e "$1" ] || [ -L "$1" ]; then exit 96; fi
umask 022
exec mkdir -p -m "$2" -- "$1"
)sh";

/// $1: what to remove, $2: "tree" where a directory may go too.
constexpr std::string_view remove = R"sh(
[ -e "$1" ] || [ -L "$1" ] || exit 94
if [ -d "$1" ] && [ ! -L "$1" ]; then
  [ "$2" = tree ] || exit 96
  exec rm -rf -- "$1"
fi
exec rm -f -- "$1"
)sh";

/// $1 to $2, as rename(2) does.
constexpr std::string_view move = R"sh(
[ -e "$1" ] || [ -L "$1" ] || exit 94
exec mv -fT -- "$1" "$2"
)sh";

/// $1: whose, $2: the mode.
constexpr std::string_view setMode = R"sh(
[ -e "$1" ] || exit 94
exec chmod "$2" -- "$1"
)sh";

/// Sent along with uploaded files, whose numbers its lines name: `put <number> <mode or nothing> <path>`. A
/// file reaches its place by a rename, so that the old one stays until the new one is whole; what is on
/// another file system than that archive is brought beside its place first.
constexpr std::string_view place = R"sh(
d=${0%/*}
trap 'rm -rf "$d"' EXIT
umask 022
here=$(stat -c %d "$d") last='' there=''
put() {
  from=$d/$1 to=$3
  if [ -L "$to" ]; then to=$(readlink -f -- "$to"; echo .); to=${to%??}; fi
  if [ -d "$to" ]; then echo "Is a directory" >&2; exit 96; fi
  p=${to%/*}; p=${p:-/}
  if [ "$p" != "$last" ]; then
    [ -d "$p" ] || mkdir -p -- "$p" || exit 1
    last=$p there=$(stat -c %d -- "$p")
  fi
  if [ ! -e "$from" ]; then
    : >"$from" || exit 1
    [ ! -e "$from.000001" ] || cat "$from".?????? >"$from" || exit 1
  fi
  mode=$2
  if [ -z "$mode" ]; then mode=644; [ ! -e "$to" ] || mode=$(stat -c %a -- "$to"); fi
  [ "$mode" = "$4" ] || chmod "$mode" "$from" || exit 1
  if [ "$here" != "$there" ]; then
    beside=$p/.mooring-$1-$$
    mv -f -- "$from" "$beside" || { rm -f -- "$beside"; exit 1; }
    from=$beside
  fi
  mv -fT -- "$from" "$to" || { rm -f -- "$from"; exit 1; }
}
)sh";

}  // namespace mooring::guest::file_scripts
