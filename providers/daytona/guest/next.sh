# shellcheck shell=sh disable=SC2154
# Goes on with a run: forgets the pieces from $m_po and $m_pe to before $m_o and $m_e, and waits for more.
[ -d "$m_d" ] || say none
m_s=o m_i=$m_po m_last=$m_o
set --
while :; do
  while [ "$m_i" -lt "$m_last" ]; do
    set -- "$@" "$m_d/$m_s.$m_i"
    m_i=$((m_i + 1))
  done
  [ $m_s = o ] || break
  m_s=e m_i=$m_pe m_last=$m_e
done
if [ $# != 0 ]; then
  rm -f "$@"
  echo c 1<>"$m_d/o.a"
  echo c 1<>"$m_d/e.a"
fi
await "$m_soon" "$m_long"
answer
