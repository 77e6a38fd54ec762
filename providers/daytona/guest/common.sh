# shellcheck shell=sh disable=SC2154,SC2034
# What every request about a run begins with. The request has set:
#   b     where all runs are       k  this run's key, chosen by the client; its directory is $m_b/$m_k
#   o, e  the first piece of stdout and of stderr that the client has not got
#   most  how many pieces of each stream an answer may hold
#
# A run's directory holds:
#   keeper   who waits for the command: its pid, and when that process was born
#   pid      the command's process group          exit    its exit code, once it has ended
#   void     it was called off before it began    killed  it was killed on request
#   o.1 …    what it wrote, in pieces of up to 64 KiB; one is complete when the next one exists
#   o.end    there are no more pieces             o.bad   some of it could not be kept
#   o.p      its standard output, a pipe          o.a     a pipe: "pieces were taken"
#   e.…      the same of its standard error       i.…     its standard input (keeper.sh, input.sh)
#   w.<pid>  a pipe of each request that waits: "look again"
m_d=$m_b/$m_k
m_u=$(umask)
umask 077
# Answers go to 6. Nothing else may hold the daemon's pipe: it waits for that to be closed.
exec 6>&1 >/dev/null 2>&1

# Finds what there is of stream $1 from piece $2 on. n: one after the last; z: whether more can come.
scan() {
  m_n=$2
  while [ -e "$m_d/$1.$((m_n + 1))" ] && [ $((m_n - $2)) -lt "$m_most" ]; do m_n=$((m_n + 1)); done
  m_z='more'
  if [ -e "$m_d/$1.end" ] && ! [ -e "$m_d/$1.$((m_n + 1))" ]; then m_z='end'; fi
}

# The pieces are looked for first: with the mark that keeper.sh puts behind the last bytes, an exit code is seen.
look() {
  scan o "$m_o"
  m_no=$m_n m_zo=$m_z
  scan e "$m_e"
  m_ne=$m_n m_ze=$m_z
  m_code=
  [ ! -e "$m_d/exit" ] || read -r m_code <"$m_d/exit"
  m_got=$((m_no - m_o + m_ne - m_e))
  m_complete=
  if [ -n "$m_code" ] && [ "$m_zo$m_ze" = endend ]; then m_complete=1; fi
}

# Puts "g" into our pipe after $1 seconds, and "t" after $2 more.
alarm() {
  (
    m_s=
    trap 'kill "$m_s"; exit' TERM
    sleep "$1" & m_s=$!
    wait "$m_s"
    echo g >&7
    sleep "$2" & m_s=$!
    wait "$m_s"
    echo t >&7
  ) 6>&- &
  m_alarm=$!
}

# Waits until the run is over; until there is output, but for that at least $1 seconds; or for $1 + $2 seconds.
await() {
  [ -p "$m_d/w.$$" ] || mkfifo "$m_d/w.$$"
  exec 7<>"$m_d/w.$$"
  m_patient=$1
  look
  if worthWaiting; then
    alarm "$1" "$2"
    while worthWaiting && read -r m_t <&7; do
      [ "$m_t" != g ] || m_patient=0
      look
      if [ "$m_t" = t ]; then break; fi
    done
    kill "$m_alarm"
    # Whoever prints line by line shall not cost a request a line.
    if [ -z "$m_complete" ] && [ "$m_got" -gt 0 ] && [ "$m_got" -lt 4 ]; then
      sleep 0.05
      look
    fi
  fi
  rm -f "$m_d/w.$$"
}
worthWaiting() {
  [ -z "$m_complete" ] && { [ "$m_got" = 0 ] || { [ "$m_patient" != 0 ] && [ "$m_got" -lt "$m_most" ]; }; }
}

# Whether process $1, born at $2, lives.
alive() {
  read -r m_stat <"/proc/$1/stat" || return 1
  # shellcheck disable=SC2086
  set -- "$2" ${m_stat##*) }
  [ "${21}" = "$1" ] && [ "$2" != Z ] && [ "$2" != X ]
}

# Sets state to how the run stands.
judge() {
  if [ -n "$m_code" ]; then
    m_state="ended $m_code"
  elif [ -e "$m_d/void" ]; then
    m_state=void
  elif ! [ -e "$m_d/keeper" ] || ! read -r m_p m_born <"$m_d/keeper"; then
    m_state=claimed
  elif alive "$m_p" "$m_born"; then
    m_state=running
  elif [ -e "$m_d/exit" ] && read -r m_code <"$m_d/exit"; then
    m_state="ended $m_code"
  else
    m_state=lost
  fi
}

# Prints pieces $2 up to before $3 of stream $1.
pieces() {
  echo "$1 $2 $3 $4"
  m_s=$1 m_i=$2 m_last=$3
  set --
  while [ "$m_i" -lt "$m_last" ]; do
    set -- "$@" "$m_d/$m_s.$m_i"
    m_i=$((m_i + 1))
  done
  [ $# = 0 ] || cat "$@" | base64
}

# The answer where there is no output to tell.
say() {
  printf 'mooring %s %s\nend %s\n' "$m_k" "$*" "$m_k" >&6
  exit 0
}

# The answer: how it stands, and the pieces that the client has not got.
answer() {
  judge
  {
    echo "mooring $m_k $m_state"
    for m_note in killed dead o.bad e.bad; do
      [ ! -e "$m_d/$m_note" ] || echo "note $m_note"
    done
    pieces o "$m_o" "$m_no" "$m_zo"
    pieces e "$m_e" "$m_ne" "$m_ze"
    echo "end $m_k"
  } >&6
  exit 0
}
