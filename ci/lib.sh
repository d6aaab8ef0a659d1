# shellcheck shell=bash
# Parts that the scripts of this folder share. Source it first: it goes to the root of the repository.
#
# Exit statuses, the same everywhere: 0 fine, 1 a finding or a failing test, 2 wrong use, missing tool or full disk.

set -euo pipefail
invoked_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=ci/$(basename "$0")

# wrong_use MESSAGE: one clear line, then exit 2.
wrong_use() {
  printf '%s: %s\n' "$me" "$*" >&2
  exit 2
}

# show_help SCRIPT: the comment at the head of the script is its help text.
show_help() {
  awk 'NR == 1 || /^# shellcheck/ { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$1"
}

# need TOOL...: exits 2 when one is missing.
need() {
  local tool missing=()
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || missing+=("$tool")
  done
  [ ${#missing[@]} -eq 0 ] || wrong_use "missing: ${missing[*]}; ci/setup installs what this needs"
}

# number NAME VALUE [SMALLEST]: exits 2 unless VALUE is a whole number, at least SMALLEST (default 1).
number() {
  if ! [[ ${2:-} =~ ^[0-9]{1,9}$ ]] || [ "$2" -lt "${3:-1}" ]; then
    wrong_use "$1 takes a whole number of at least ${3:-1}, not '${2:-}'"
  fi
}

# need_space FOLDER MEBIBYTES: exits 2 when the file system of FOLDER has less room.
need_space() {
  local free
  mkdir -p "$1" 2>/dev/null || wrong_use "cannot make the folder $1"
  free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
  [ "$free" -ge "$2" ] || wrong_use "no space left: $free MiB free for $1, $2 MiB needed"
}

# The fuzz targets, one a line.
targets() {
  local file
  for file in fuzz/*.cpp; do
    if [ -e "$file" ]; then basename "$file" .cpp; fi
  done
}

# is_target NAME
is_target() {
  [[ $1 =~ ^[a-z_]+$ ]] && [ -e "fuzz/$1.cpp" ]
}

# is_scheduled NAME: whether the target decides its interleavings itself. Such targets have a preset of their own, because
# their maps are compiled for control, which no sanitizer's library can share a program with.
is_scheduled() {
  grep -q '\.scheduled = true' "fuzz/$1.cpp" 2>/dev/null
}

# is_among WORD WORD...: whether the first word is one of the others.
is_among() {
  local wanted=$1 word
  shift
  for word in "$@"; do
    [ "$word" != "$wanted" ] || return 0
  done
  return 1
}

# need_target NAME: exits 2 unless there is such a fuzz target.
need_target() {
  is_target "$1" || wrong_use "unknown target '$1'; there are: $(targets | tr '\n' ' ')"
}

# target_of FILE FOLDER: the target that the header of FILE names, as a replay binary of FOLDER (built here) reads it.
# Exits 2 when it names none of this tree.
target_of() {
  local found
  build "$2" codec_replay || exit 2
  found=$("$2/bin/codec_replay" --target-of "$1") || exit 2
  is_target "$found" || wrong_use "$1: names no target of this tree ($found); say --target NAME"
  printf '%s\n' "$found"
}

# caller_path PATH: PATH as the caller meant it, from the folder in which the script was started; short where it lies in
# this tree.
caller_path() {
  local path=$1
  case $path in
    /*) ;;
    *) path=$invoked_from/$path ;;
  esac
  printf '%s\n' "${path#"$PWD"/}"
}

# need_input FILE: exits 2 unless FILE is a readable regular file.
need_input() {
  [ -e "$1" ] || wrong_use "$1: no such file"
  [ ! -d "$1" ] || wrong_use "$1: is a folder, not an input"
  [ -f "$1" ] || wrong_use "$1: not a regular file"
  [ -r "$1" ] || wrong_use "$1: not readable"
}

# configure PRESET FOLDER [OPTION...]: configures quietly; on failure shows the end of the log.
configure() {
  local preset=$1 folder=$2 log
  shift 2
  log=build/logs/configure-$(basename "$folder").log
  mkdir -p build/logs
  # Somebody whose map has warnings has said that they are no errors here; a preset would say again that they are.
  if grep -qs '^GAUNTLET_WARNINGS_AS_ERRORS:BOOL=OFF$' "$folder/CMakeCache.txt"; then
    set -- -DGAUNTLET_WARNINGS_AS_ERRORS=OFF "$@"
  fi
  if ! cmake --preset "$preset" -B "$folder" "$@" >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    wrong_use "cmake --preset $preset failed; the whole log: $log"
  fi
}

# build FOLDER [TARGET...]: builds quietly; returns 1 after showing the first errors.
build() {
  local folder=$1 log
  shift
  log=build/logs/build-$(basename "$folder").log
  if ! cmake --build "$folder" --parallel "${GAUNTLET_JOBS:-$(nproc)}" ${1:+--target "$@"} >"$log" 2>&1; then
    if grep -q 'No space left on device' "$log"; then
      wrong_use "no space left on the device of $folder"
    fi
    if ! grep -m 8 -E ' error: |undefined reference|CMake Error|Killed' "$log" | cut -c 1-240 >&2; then
      tail -n 25 "$log" >&2
    fi
    printf '%s: the build in %s failed; the whole log: %s\n' "$me" "$folder" "$log" >&2
    return 1
  fi
}

# count_tests LOG: "PASSED FAILED" as ctest and unittest say in LOG, or nothing where neither ran. Skipped tests are neither. A test
# that fails in many of its subtests is one; so is a class that cannot be set up, whose tests are not among those that ran.
count_tests() {
  awk '
    /tests passed, [0-9]+ tests failed out of/ { seen = 1; good += $NF - $4; bad += $4 }
    /^\t *[0-9]+ - .* \(Skipped\)$/ { good-- }
    /^Ran [0-9]+ tests? in / { seen = 1; ran += $2 }
    /^(FAIL|ERROR|UNEXPECTED SUCCESS): / {
      sub(/^[A-Z ]+: /, "")
      if (!(($1, $2) in failing)) {
        failing[$1, $2] = 1
        if ($1 ~ /^(setUp|tearDown)(Class|Module)$/) classes++; else tests++
      }
    }
    /^(OK|FAILED) \(.*\)$/ {
      count = split($0, parts, /[(),] */)
      for (i = 2; i <= count; i++) {
        split(parts[i], pair, "=")
        if (pair[1] == "skipped") skipped += pair[2]
        if (pair[1] ~ /^(failures|errors|unexpected successes)$/) said += pair[2]
      }
    }
    function least(a, b) { return a < b ? a : b }
    function most(a, b) { return a < b ? b : a }
    END {
      # Nothing but the last line is sure to be of unittest itself: what a failing test prints may look like a failure.
      failed = least(tests + classes, said)
      if (seen) print most(good, 0) + most(ran - skipped - least(tests, failed), 0), bad + failed
    }' "$1"
}

# What goes before a command that is to be typed next, so that it judges the same map.
subject() { [ -z "${GAUNTLET_SUBJECT:-}" ] || echo "GAUNTLET_SUBJECT=$GAUNTLET_SUBJECT "; }
