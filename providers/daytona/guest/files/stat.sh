# shellcheck shell=sh
# About $1 itself: its mode in hexadecimal, size and time of change, then where it leads, if it is a symlink.
stat -c '%f %s %Y' -- "$1" || exit
[ ! -L "$1" ] || readlink -n -- "$1"
