# shellcheck shell=sh disable=SC2154
# Starts the run, unless its key was used before: then this request is a repeated one and joins what runs. The request
# has set, beside what common.sh names:
#   cwd    the working directory; empty: the daemon's own     soon, long  how long to wait (await)
#   first  the pipes of its standard input                    launch()    starts keeper.sh in a session of its own
refuse() {
  # Should it have run and removed its own directory since, it has not been refused.
  [ -d "$m_d" ] || say refused "$@"
}

begin() {
  if [ -n "$m_cwd" ] && ! CDPATH='' cd -- "$m_cwd"; then
    if [ ! -e "$m_cwd" ]; then
      refuse cwd missing
    elif [ ! -d "$m_cwd" ]; then
      refuse cwd nodir
    else
      refuse cwd denied
    fi
    return
  fi
  for m_tool in setsid mkfifo base64; do
    command -v "$m_tool" || say refused tool "$m_tool"
  done
  # Making the directory is what decides which of two requests starts the command.
  if ! mkdir "$m_d"; then
    mkdir -p "$m_b"
    [ -O "$m_b" ] || say refused directory
    if ! mkdir "$m_d"; then
      refuse directory
      return
    fi
  fi
  # shellcheck disable=SC2086
  if ! (cd "$m_d" && mkfifo o.p e.p o.a e.a "w.$$" $m_first); then
    rm -rf "$m_d"
    say refused directory
  fi
  launch
}

[ -d "$m_d" ] || begin
await "$m_soon" "$m_long"
answer
