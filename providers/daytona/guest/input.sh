# shellcheck shell=sh disable=SC2154
# Hands in piece $m_piece of the standard input: here() prints it, or it was uploaded as i.$m_piece. Answers when the
# command has taken the one before, so that no more than two are here. $m_last: 1 when it is the last one.
[ -d "$m_d" ] || say none
if [ ! -e "$m_d/i.$m_piece.ok" ] && [ ! -e "$m_d/i.end" ]; then
  if [ "$m_input" = here ] && ! here | base64 -d >"$m_d/i.$m_piece"; then say refused directory; fi
  if [ "$m_last" = 1 ]; then
    : >"$m_d/i.$((m_piece + 1))"
    : >"$m_d/i.$((m_piece + 1)).ok"
  fi
  : >"$m_d/i.$m_piece.ok"
  echo c 1<>"$m_d/i.a"
fi
mkfifo "$m_d/w.$$"
exec 7<>"$m_d/w.$$"
alarm 0 "$m_long"
while
  look
  m_went='full'
  [ -e "$m_d/i.$((m_piece - 1))" ] || m_went='taken'
  [ ! -e "$m_d/i.end" ] && [ -z "$m_code" ] || m_went='closed'
  [ "$m_went" = full ] && read -r m_t <&7 && [ "$m_t" != t ]
do :; done
kill "$m_alarm"
rm -f "$m_d/w.$$"
say "$m_went"
