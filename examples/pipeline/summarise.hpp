// What the sandbox runs. POSIX sh and awk only: a minimal image has no more.
#pragma once

inline constexpr const char* summariseScript = R"SCRIPT(#!/bin/sh
# summarise.sh <data> <result>: a table with tabs between its columns, column names first, a total last.
set -eu
export LC_ALL=C
data=$1 result=$2
test -r "$data"  # Each part of a pipeline but the last could fail unseen.
tab=$(printf '\t')

# A Debian package list: packages and installed size by section.
packages() {
  printf 'section\tpackages\tinstalled MiB\n'
  awk '
    function finish() {
      if (installed) { count[section]++; kib[section] += size }
      section = "(none)"; size = 0; installed = 0
    }
    BEGIN { finish() }
    /^$/ { finish() }
    /^Status: / { installed = ($4 == "installed") }
    /^Section: / { section = $2 }
    /^Installed-Size: / { size = $2 }
    END { finish(); for (s in count) printf "%s\t%d\t%.1f\n", s, count[s], kib[s] / 1024 }
  ' "$data" | sort -t "$tab" -k 3,3nr -k 1,1
}

# Anything else: its commonest words.
words() {
  printf 'word\ttimes\n'
  tr -cs '[:alnum:]' '\n' <"$data" | awk '
    $0 != "" { count[$0]++ }
    END { for (w in count) printf "%s\t%d\n", w, count[w] }
  ' | sort -t "$tab" -k 2,2nr -k 1,1
}

if grep -q '^Package: ' "$data"; then packages; else words; fi | awk -F '\t' '
  { print }
  NR > 1 { for (i = 2; i <= NF; i++) total[i] += $i; if (NF > columns) columns = NF }
  END {
    line = "total"
    for (i = 2; i <= columns; i++) line = line "\t" sprintf(i == 2 ? "%d" : "%.1f", total[i])
    print line
  }
' >"$result"
)SCRIPT";
