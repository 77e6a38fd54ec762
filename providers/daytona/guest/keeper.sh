# shellcheck shell=sh disable=SC2154
# Waits for the command, and keeps what it writes until the client has got it. $1: the command's umask. The request has
# set b, d and
#   mark   what stands behind the last byte of each stream: children may hold the pipe open for ever
#   old    runs whose results have arrived         work()  sets the command's environment, and calls become() with it
#   input  none, here or stream                    here()  prints the whole of its input
# All in functions, so that the shell has read everything before the command runs.

tell() {
  for m_w in "$m_d"/w.*; do
    [ ! -p "$m_w" ] || echo c 1<>"$m_w"
  done
}

# Takes what comes out of pipe $1.p into pieces, and no more than 128 of them that the client has not got: then the
# command has to wait.
pump() {
  exec 3<"$m_d/$1.p" 4<>"$m_d/$1.a"
  m_i=1
  while
    dd bs=65536 count=1 of="$m_d/$1.$m_i" <&3 || : >"$m_d/$1.bad"
    [ -s "$m_d/$1.$m_i" ]
  do
    m_i=$((m_i + 1))
    # The mark may have been cut in two, never in three.
    if [ -e "$m_d/exit" ] && cat "$m_d/$1.$((m_i - 2))" "$m_d/$1.$((m_i - 1))" | grep -q "$m_mark"; then break; fi
    : >"$m_d/$1.$m_i"
    tell
    while [ -e "$m_d/$1.$((m_i - 128))" ]; do read -r _ <&4; done
  done
  : >"$m_d/$1.$m_i"
  : >"$m_d/$1.end"
  tell
}

# Gives pieces i.1, i.2, … to the command as they are handed in; an empty one is the end.
feed() {
  m_cat=
  trap 'kill "$m_cat"; exit' TERM
  exec 3>"$m_d/i.p" 4<>"$m_d/i.a"
  m_i=1
  while :; do
    while ! [ -e "$m_d/i.$m_i.ok" ]; do read -r _ <&4; done
    [ -s "$m_d/i.$m_i" ] || break
    cat "$m_d/i.$m_i" >&3 & m_cat=$!
    wait "$m_cat" || break
    rm -f "$m_d/i.$m_i" "$m_d/i.$((m_i - 1)).ok"
    m_i=$((m_i + 1))
    tell
  done
  exec 3>&-
  : >"$m_d/i.end"
  tell
}

become() {
  # shellcheck disable=SC2016,SC2317
  exec "$m_setsid" /bin/sh -c 'echo "$$" >"$1"; shift; exec "$@"' sh "$m_d/pid" "$@"
}

keep() {
  # The subshell that started this process waits for it, so that SIGINT and SIGQUIT are not ignored here and thus not
  # in the command, as they would be behind an "&". It has done its part.
  kill -9 "$PPID"
  m_u=$1
  m_setsid=$(command -v setsid)
  read -r m_stat </proc/$$/stat
  # shellcheck disable=SC2086
  set -- ${m_stat##*) }
  echo "$$ ${20}" >"$m_d/keeper"

  pump o &
  pump e &
  m_feeder=
  case $m_input in
    here) here | base64 -d >"$m_d/i.p" & m_feeder=$! ;;
    stream) feed & m_feeder=$! ;;
  esac
  (
    umask "$m_u"
    if [ "$m_input" = none ]; then exec </dev/null; else exec <"$m_d/i.p"; fi
    exec >"$m_d/o.p" 2>"$m_d/e.p"
    work
  )
  echo "$?" >"$m_d/exit"
  tell
  [ -z "$m_feeder" ] || kill "$m_feeder"
  printf %s "$m_mark" 1<>"$m_d/o.p"
  printf %s "$m_mark" 1<>"$m_d/e.p"

  cd "$m_b" || return
  # shellcheck disable=SC2086
  [ -z "$m_old" ] || rm -rf $m_old
  # Results that nobody asked for in time, runs that a stop of the sandbox cut short, and uploads that broke off.
  find . -mindepth 2 -maxdepth 2 \( -name exit -mmin +10 -o -name keeper -mmin +1440 -o -path './up-*' -mmin +1440 \) |
    while read -r m_f; do
      m_f=${m_f%/*}
      [ -e "$m_f/exit" ] || ! read -r m_p _ <"$m_f/keeper" || [ ! -e "/proc/$m_p" ] || continue
      rm -rf "$m_f"
    done
}

keep "$1"
exit
