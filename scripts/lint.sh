#!/usr/bin/env bash
# Checks the sources; ./dev lint and the pre-commit hook both call it.
#
#   lint.sh [--quick] [--fix] [file...]
#
#   --quick   leave out clang-tidy, which compiles every file anew
#   --fix     let clang-format rewrite what it would refuse, and check nothing else
#   file...   only these; default: all first-party files
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=0 fix=0 files=()
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    --fix) fix=1 ;;
    -*) sed -n '2,8p' "${BASH_SOURCE[0]}" | cut -c3- >&2; exit 2 ;;
    *) files+=("$argument") ;;
  esac
done
if [ ${#files[@]} -eq 0 ]; then
  # Files not yet added to git count too; those deleted but still in its index do not.
  while IFS= read -r -d '' file; do
    if [ -f "$file" ]; then files+=("$file"); fi
  done < <(git ls-files -z --cached --others --exclude-standard --deduplicate)
fi

cpp=() sources=() shell=()
for file in "${files[@]}"; do
  case $file in
    *.cpp) cpp+=("$file"); sources+=("$file") ;;
    *.hpp) cpp+=("$file") ;;
    *.sh) shell+=("$file") ;;
    dev | .ci/run | scripts/pre-commit | */dev) shell+=("$file") ;;
  esac
done

# A machine may carry only one of the two names.
tool() {
  command -v "$1-19" || command -v "$1" || { echo "lint: $1 is missing; ./dev lint installs it" >&2; return 1; }
}

if [ "$fix" = 1 ]; then
  format=$(tool clang-format)
  [ ${#cpp[@]} -eq 0 ] || "$format" -i "${cpp[@]}"
  exit
fi

failed=()
check() {
  local name=$1
  shift
  "$@" || failed+=("$name")
}

if [ ${#cpp[@]} -gt 0 ]; then
  format=$(tool clang-format)
  check format "$format" --dry-run --Werror "${cpp[@]}"
fi
check includes python3 scripts/check_includes.py
check coroutines python3 scripts/check_coroutines.py
if [ ${#shell[@]} -gt 0 ]; then check shellcheck shellcheck "${shell[@]}"; fi

if [ "$quick" = 0 ] && [ ${#sources[@]} -gt 0 ]; then
  # In the build folder of preset lint, compiling is being read by clang-tidy: cmake/mooring_tidy.cmake.
  build=build/lint
  if [ ! -f "$build/build.ninja" ]; then
    echo "lint: clang-tidy needs $build; run ./dev lint, or cmake --preset lint" >&2
    exit 1
  fi
  # Only what the build compiles can be read: fuzzers and installed consumers have builds of their own.
  mapfile -t tidy < <(comm -12 <(printf "$(pwd -P)/%s\n" "${sources[@]}" | sort) <(ninja -C "$build" -t inputs all | sort))
  if [ ${#tidy[@]} -gt 0 ]; then
    # file^ is ninja's word for what is made of the file.
    check tidy ninja -C "$build" -j "${MOORING_JOBS:-$(nproc)}" -k 0 "${tidy[@]/%/^}"
  fi
fi

if [ ${#failed[@]} -gt 0 ]; then
  echo "lint: refused by ${failed[*]}" >&2
  exit 1
fi
echo "lint: ${#files[@]} files, nothing to complain about"
