#!/usr/bin/env bash
# How many instructions the demo takes, compared with the number in demo.txt. Both are of a build as .ci/run makes it:
#
#   CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_CODEGEN_UNITS=16 CARGO_PROFILE_DEV_OPT_LEVEL=2 cargo build
#   benches/demo.sh [--set] [PROGRAM]
#
# More than 5 percent above or below is an error: either something is slow now, or it is quicker, and the next
# slow thing would not be seen. If that is meant, `--set` writes the new number. It holds for one version of Rust.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

set_it=
if [ "${1:-}" = --set ]; then
  set_it=1
  shift
fi
program=${1:-$here/../target/debug/flux-codemod}
known=$here/demo.txt

command -v valgrind >/dev/null || { echo "valgrind is missing: apt-get install valgrind" >&2; exit 2; }
[ -x "$program" ] || { echo "$program is missing: cargo build" >&2; exit 2; }

counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file="$counts" "$program" demo >/dev/null 2>&1
now=$(awk '/^summary:/ { print $2 }' "$counts")
rust=$(rustc --version | cut -d' ' -f2)

if [ -n "$set_it" ]; then
  echo "$rust $now" >"$known"
  echo "demo: $now instructions, with Rust $rust"
  exit
fi
read -r known_rust before <"$known"
if [ "$rust" != "$known_rust" ]; then
  echo "demo: $now instructions; the known number is of Rust $known_rust, and this is $rust, so it is not compared"
  exit
fi
percent=$(awk -v now="$now" -v before="$before" 'BEGIN { printf "%+.1f", (now - before) * 100 / before }')
echo "demo: $now instructions, $percent percent of $before"
if awk -v percent="$percent" 'BEGIN { exit !(percent > 5 || percent < -5) }'; then
  echo "that is more than 5 percent off; if it is meant, run benches/demo.sh --set" >&2
  exit 1
fi
