# shellcheck shell=sh
# Puts files in place, each whole or not at all. $1: where their contents are: a directory with 1, 2, …, or "here", one
# after the other on standard input. $2: of how many pieces the one file consists, and $3 their hash; empty: each is a
# file of its own. Then for each file: its size, its mode or "keep", its path. Says on standard error which files
# failed, by number, and why.
from=$1 pieces=$2 hash=$3
shift 3
umask 022
number=0
failed=0
all=
if [ "$from" = here ] && [ $# -gt 3 ]; then
  # By way of a file: a program that is to stop in the middle of a pipe may already have read more.
  all=$(mktemp) || exit 1
  cat >"$all" || exit 1
fi
offset=1

content() {
  if [ -n "$all" ]; then
    tail -c "+$offset" "$all" | head -c "$size"
  elif [ "$from" = here ]; then
    cat
  else
    i=1
    while [ "$i" -le "$pieces" ]; do
      cat "$from/$i" && rm -f "$from/$i" || return
      i=$((i + 1))
    done
  fi
}

# To $1 with mode $2.
put() {
  to=$1 mode=$2 asked=$2
  if [ -d "$to" ]; then echo 'Is a directory'; return 1; fi
  if [ -L "$to" ]; then
    to=$(readlink -f -- "$to" && echo x) || { echo 'No such file or directory'; return 1; }
    to=${to%?x}
  fi
  case $to in
    */*) directory=${to%/*}/ ;;
    *) directory=./ ;;
  esac
  [ -d "$directory" ] || mkdir -p -- "$directory" || return
  if [ "$mode" = keep ]; then
    mode=00644
    if [ -e "$to" ]; then mode=$(stat -c %a -- "$to") || return; fi
  fi
  new=$directory.mooring-$$-$number
  if [ -z "$pieces" ] && [ "$from" != here ]; then
    mv -f -- "$from/$number" "$new"
  else
    content >"$new"
  fi && settle && return
  rm -f -- "$new"
  return 1
}

settle() {
  if [ -n "$hash" ] && [ "$(sha256sum <"$new")" != "$hash  -" ]; then
    echo 'content damaged'
    return 1
  fi
  # A volume may know neither modes nor renaming.
  chmod "$mode" -- "$new" || [ "$asked" = keep ] || return
  mv -fT -- "$new" "$to" 2>/dev/null && return
  cat -- "$new" >"$to" && rm -f -- "$new"
}

while [ $# -gt 0 ]; do
  number=$((number + 1))
  size=$1
  if ! why=$(put "$3" "$2" 2>&1); then
    echo "$number $why" | tr '\n' ' ' >&2
    echo >&2
    failed=1
  fi
  offset=$((offset + size))
  shift 3
done
[ -z "$all" ] || rm -f "$all"
[ "$from" = here ] || rm -rf "$from"
exit "$failed"
