#!/usr/bin/env bash
# prove.sh quick|full: runs docker-compose.yml for real, and asserts that it gives what a plain run of the same scenario gives.
#
#   quick  an empty image with this machine's /usr and this environment's Python mounted
#   full   the image that users build
#
# With the Docker that is here; or with ENGINE, a script that brings one: `ENGINE PROJECT_DIR SERVICE` waits for SERVICE, prints
# `ps -a` and all logs, and ends with its exit status; EXTRA_COMPOSE is a file over docker-compose.yml.
set -euo pipefail
variant=${1:?quick or full}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DURATION=${DURATION:-1s} SCENARIO=${SCENARIO:-vehicle_platoon} LINGER=60 LIMIT=${LIMIT:-300}
export VENV PYTHON CHECKOUT=$root
VENV=$(python -c 'import sys; print(sys.prefix)')
PYTHON=$(python -c 'import sys; print(sys.base_prefix)')

# A project folder of its own, so that nobody's ./runs is written to.
mkdir "$work/project"
cd "$work/project"
cp -r "$root"/{Dockerfile,.dockerignore,.ci,docker-compose.yml,pyproject.toml,requirements.lock,README.md,LICENSE,simnet,scenarios,models} .
cp "$here/judge.py" .
over=("$here/judge.yml")
if [ "$variant" = quick ]; then
  over+=("$here/quick.yml")
  keys=$(sed -n 's/.*cd \/keys && mkdir -m 1777 \(.*\) \\$/\1/p' "$root/Dockerfile")
  mkdir -p "$work"/base/{usr,etc,proc,sys,dev,run,var,keys,tmp,work/runs}
  (cd "$work/base/keys" && xargs mkdir -m 1777 <<<"$keys")
  chmod 1777 "$work"/base/{keys,tmp,work/runs}
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$work/base/$link"; done
  tar -C "$work/base" -cf "$work/base.tar" .
fi
python - "${over[@]}" >"$work/over.yml" <<'MERGE'
import sys
import yaml

services = {}
for file in sys.argv[1:]:
    for name, own in yaml.safe_load(open(file))["services"].items():
        service = services.setdefault(name, {})
        own["volumes"] = service.get("volumes", []) + own.get("volumes", [])
        service.update(own)
yaml.safe_dump({"services": services}, sys.stdout)
MERGE

with_docker() {
  compose() { docker compose -p "simnet-proof-$$" -f docker-compose.yml -f "$work/over.yml" "$@"; }
  trap 'compose down -v --remove-orphans -t 2 >/dev/null 2>&1; rm -rf "$work"' EXIT
  [ "$variant" = full ] || docker import "$work/base.tar" "$BASE" >/dev/null
  compose build --quiet && compose up -d --no-build
  status=$(timeout "$LIMIT" docker wait "$(compose ps -aq judge)") || status=124
  compose ps -a --format 'table {{.Service}}\t{{.Status}}'
  compose logs --no-color
  return "$status"
}
echo "containers ($variant): $SCENARIO, $DURATION"
if [ -n "${ENGINE:-}" ]; then
  # It imports KEEP_BASE as its base image, python:3.11-slim, where the file is there.
  export BASE=python:3.11-slim PYTHON_IMAGE=python:3.11-slim
  [ "$variant" = full ] || export KEEP_BASE=$work/base.tar
  EXTRA_COMPOSE=$work/over.yml bash "$ENGINE" "$work/project" judge >"$work/log" 2>&1 || status=$?
else
  export BASE=simnet-proof-base
  with_docker >"$work/log" 2>&1 || status=$?
fi
fail() { cat "$work/log"; echo "containers ($variant): $1"; exit 1; }
[ "${status:-0}" = 0 ] || fail "the judge ended with status $status"
ended() { grep -qE "^$1 +Exited \(0\)" "$work/log" || fail "$1 has not ended with status 0"; }
for service in keys folder fusion leader follower_1 follower_2 follower_3; do ended "$service"; done

# Somebody in leader's container: no other machine's secret is there, and leader's key opens no other camera.
secrets=$(sed -nE 's/.*thief[^|]*\| secret: //p' "$work/log")
[ "$secrets" = /keys/leader.key_secret ] || fail "leader's container holds the secrets: $secrets"
for told in 'thief.*error: .*its key .leader. is for leader; expected a key that is for follower_1' \
  'broker.*refused camera follower_1: its key .leader. is for leader'; do
  grep -qE "$told" "$work/log" || fail "nobody said: $told"
done
grep -qE '^thief +Exited \(1\)' "$work/log" || fail "thief has not ended with status 1"

folder=$(echo runs/*)
[ -s "$folder/report.html" ] || fail "no report in $folder"
fingerprint() { python -c 'import json, sys; print(json.load(open(sys.argv[1]))["summary"]["fingerprint"])' "$1/run.json"; }
simnet run "$SCENARIO" --set duration="$DURATION" --out "$work/plain" --json >/dev/null
in_containers=$(fingerprint "$folder") plain=$(fingerprint "$work/plain")
[ "$in_containers" = "$plain" ] || fail "fingerprint $in_containers; a plain run has $plain"
frames=$(python -c 'import pyarrow.parquet, sys; print(pyarrow.parquet.read_table(sys.argv[1]).num_rows)' "$folder/rows.parquet")
seen=$(sed -nE 's/.*simnet_frames_total\{.*\} ([0-9.]+)$/\1/p' "$work/log" | awk '{ sum += $1 } END { print sum + 0 }')
[ "$seen" = "$frames" ] || fail "the live page has seen $seen of $frames frames"
grep -E 'images built|Exited|Up ' "$work/log" || true
echo "containers ($variant): fingerprint $plain, as in a plain run; the live page has seen all $frames frames"
