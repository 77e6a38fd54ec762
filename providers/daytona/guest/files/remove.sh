# shellcheck shell=sh
# Removes $1; a directory only where $2 is "tree".
if [ -d "$1" ] && [ ! -L "$1" ]; then
  [ "$2" = tree ] || { echo 'Is a directory' >&2; exit 1; }
  exec rm -rf -- "$1"
fi
exec rm -- "$1"
