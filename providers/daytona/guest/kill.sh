# shellcheck shell=sh disable=SC2154
# Calls a run off: one that has not begun never will; one that runs is killed with its whole process group.
if [ ! -d "$m_d" ]; then
  mkdir -p "$m_b"
  if mkdir "$m_d"; then
    : >"$m_d/void"
    : >"$m_d/exit"
    say void
  fi
  [ -d "$m_d" ] || say refused directory
fi
[ ! -e "$m_d/void" ] || say void

# Whether anything but zombies is left in group $1; nobody may be there to reap those.
inhabited() {
  kill -0 "-$1" || return 1
  for m_f in /proc/[0-9]*/stat; do
    read -r m_stat <"$m_f" || continue
    # shellcheck disable=SC2086
    set -- "$1" ${m_stat##*) }
    if [ "$4" = "$1" ] && [ "$2" != Z ] && [ "$2" != X ]; then return 0; fi
  done
  return 1
}

m_tries=0
while [ "$m_tries" -lt 150 ]; do
  look
  judge
  if [ -n "$m_code" ] && [ ! -e "$m_d/killed" ]; then break; fi
  if [ -e "$m_d/pid" ] && read -r m_p <"$m_d/pid"; then
    if [ -z "$m_code" ]; then : >"$m_d/killed"; fi
    kill -9 "-$m_p"
    if [ -n "$m_code" ] && ! inhabited "$m_p"; then
      : >"$m_d/dead"
      break
    fi
  fi
  [ "$m_state" != lost ] || break
  m_tries=$((m_tries + 1))
  sleep 0.02
done
await 0 1
answer
