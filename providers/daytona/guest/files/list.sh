# shellcheck shell=sh
# The entries of directory $1, each "./name//mode size time//" and a newline: no name holds a slash. Then, behind a
# NUL, each symlink: "./name//target" and a NUL. What vanishes meanwhile is left out.
cd -- "$1" 2>/dev/null || exec stat -- "$1/."
[ -r . ] || exec ls -- .
find . -mindepth 1 -maxdepth 1 -exec stat -c '%n//%f %s %Y//' -- {} + 2>/dev/null
printf '\0'
# shellcheck disable=SC2016
find . -mindepth 1 -maxdepth 1 -type l -exec sh -c '
for link do
  printf "%s//" "$link"
  readlink -n -- "$link"
  printf "\0"
done' sh {} + 2>/dev/null
exit 0
