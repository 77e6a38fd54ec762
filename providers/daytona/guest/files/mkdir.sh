# shellcheck shell=sh
# Directory $1 with mode $2, and its parents.
[ ! -d "$1" ] || exit 0
umask 022
exec mkdir -p -m "$2" -- "$1"
