#!/bin/sh
# How long `flux-codemod check` takes where nothing is pending, beside ripgrep over the same files in the same run.
#
#   cargo build --release
#   benches/scan.sh [--copies '1 10 100 400'] [--json FILE] REPOSITORY
#
# REPOSITORY is a Flux repository, such as haynes-ops of the corpus. It is copied, everything that can be migrated is applied, and copies
# of the result are laid side by side, each a repository of its own within the tree: paths of Flux Kustomizations are rewritten to lead
# into the copy. Each tree is measured as a plain directory and as a git repository with everything committed.
# Wanted: at most 3 times ripgrep, and the same ratio however large the tree is.
set -eu

copies='1 10 100 400'
json=
while [ $# -gt 1 ]; do
  case $1 in
    --copies) copies=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    *) break ;;
  esac
done
[ $# -eq 1 ] && [ -d "$1" ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }

for tool in hyperfine:hyperfine rg:ripgrep jq:jq git:git; do
  command -v "${tool%%:*}" >/dev/null || {
    echo "${tool%%:*} is missing: install ${tool##*:} (apt-get install ${tool##*:}, or cargo install hyperfine ripgrep)" >&2
    exit 2
  }
done
codemod=${FLUX_CODEMOD:-$(cd "$(dirname "$0")/.." && pwd)/target/release/flux-codemod}
[ -x "$codemod" ] || { echo "$codemod is missing: cargo build --release" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cp -r "$1" "$work/one"
rm -rf "$work/one/.git"
"$codemod" -C "$work/one" apply --review >/dev/null 2>&1 || [ $? -eq 1 ]
"$codemod" -C "$work/one" check >/dev/null 2>&1 || {
  echo "$1 has something pending even after apply --review: what is measured would not be a clean check" >&2
  exit 2
}

echo '[]' >"$work/results"
printf '%7s %-6s %7s %12s %12s %7s %9s\n' copies kind files check rg ratio memory
for count in $copies; do
  tree=$work/tree
  mkdir "$tree"
  for number in $(seq -w 1 "$count"); do
    cp -r "$work/one" "$tree/copy-$number"
    grep -rlE 'path: \.?/?kubernetes' "$tree/copy-$number" | xargs sed -i -E "s#(path: )\.?/?kubernetes#\1./copy-$number/kubernetes#"
  done
  for kind in plain git; do
    if [ "$kind" = git ]; then
      git -C "$tree" init -q -b main
      git -C "$tree" add -A
      git -C "$tree" -c user.name=bench -c user.email=bench@example.org -c gc.auto=0 commit -q -m bench
    fi
    "$codemod" -C "$tree" check >/dev/null 2>&1
    hyperfine -N -w 2 -m 5 --export-json "$work/run" \
      "$codemod -C $tree check" "rg -l 'kind: (HelmRelease|Kustomization)' $tree" >/dev/null 2>&1
    files=$(rg --files "$tree" | wc -l)
    peak=$(/usr/bin/time -f %M "$codemod" -C "$tree" check 2>&1 >/dev/null | tail -1)
    jq -r --arg copies "$count" --arg kind "$kind" --arg files "$files" --arg peak "$peak" \
      '.results | map(.mean * 1000) | [$copies, $kind, $files, .[0], .[1], .[0] / .[1], ($peak | tonumber / 1024)] | @tsv' "$work/run" |
      while IFS="$(printf '\t')" read -r a b c d e f g; do
        printf '%7s %-6s %7s %9.1f ms %9.1f ms %7.2f %6.0f MB\n' "$a" "$b" "$c" "$d" "$e" "$f" "$g"
      done
    jq --arg copies "$count" --arg kind "$kind" '[{ copies: $copies | tonumber, kind: $kind, runs: .results }]' "$work/run" >"$work/this"
    jq -s add "$work/results" "$work/this" >"$work/all" && mv "$work/all" "$work/results"
  done
  rm -rf "$tree"
done
[ -z "$json" ] || cp "$work/results" "$json"
