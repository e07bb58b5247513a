#!/usr/bin/env bash
# What gloss does, shown on the three sample papers: add, digest, search, and the web UI.
#
# In a terminal the UI stays until Ctrl-C; elsewhere it is left running. With DEMO_STAY=0 it is stopped.
# DEMO_PORT is its port; without it, 7860 or, where that is taken, any free one.
set -euo pipefail
cd "$(dirname "$0")/.."
export GLOSS_LIBRARY=${GLOSS_LIBRARY:-demo-library}
logs=build/demo
mkdir -p "$logs"

if [ -t 1 ]; then
    say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
else
    say() { printf '\n== %s\n' "$*"; }
fi

# An earlier demo's UI holds the library.
if [ -f "$logs/ui.pid" ]; then
    earlier=$(cat "$logs/ui.pid")
    if ps -p "$earlier" -o args= 2>/dev/null | grep -q 'gloss serve'; then
        kill "$earlier"
        while kill -0 "$earlier" 2>/dev/null; do sleep 0.2; done
    fi
    rm -f "$logs/ui.pid"
fi

say "gloss add data/*.pdf data/choosing-passage-size.md"
gloss add data/cited-digests.pdf data/every-sentence-needs-a-source.pdf data/choosing-passage-size.md

ids=$(gloss papers --json |
    python -c 'import json, sys; print(*(p["id"] for p in json.load(sys.stdin)["papers"]))')
for id in $ids; do
    say "gloss digest $id"
    gloss digest "$id" --format md
done

for query in \
    "where on the page does a sentence come from" \
    "why do readers lose trust in automatic digests" \
    "how does the length of a passage change what a search finds"; do
    say "gloss search \"$query\" -k 3"
    gloss search "$query" -k 3
done

query="which papers report that a quote needs no check"
say "gloss search --in digests \"$query\" -k 3"
gloss search --in digests "$query" -k 3

port=${DEMO_PORT:-$(python - <<'PYTHON'
import socket

with socket.socket() as door:
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", 7860))
    except OSError:
        door.bind(("127.0.0.1", 0))
    print(door.getsockname()[1])
PYTHON
)}
address=http://127.0.0.1:$port/
say "gloss serve --port $port"
gloss serve --host 127.0.0.1 --port "$port" >"$logs/ui.log" 2>&1 </dev/null &
ui=$!
echo "$ui" >"$logs/ui.pid"
stop() { kill "$ui" 2>/dev/null || true; wait "$ui" 2>/dev/null || true; rm -f "$logs/ui.pid"; }
trap stop EXIT
trap 'exit 0' INT TERM

answers() {
    python - "$address" <<'PYTHON'
import sys
import urllib.request

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    direct.open(sys.argv[1], timeout=5).close()
except OSError:
    sys.exit(1)
PYTHON
}
for _ in $(seq 180); do
    if ! kill -0 "$ui" 2>/dev/null; then
        echo "the web UI stopped:" >&2
        cat "$logs/ui.log" >&2
        exit 1
    fi
    if answers; then
        ready=yes
        break
    fi
    sleep 1
done
if [ -z "${ready:-}" ]; then
    echo "the web UI does not answer; its log is $logs/ui.log" >&2
    exit 1
fi

if [ "${DEMO_STAY:-}" = 0 ]; then
    echo "The web UI answered at $address and is stopped again."
elif [ -t 1 ] || [ "${DEMO_STAY:-}" = 1 ]; then
    echo "The web UI is at $address (Ctrl-C stops it)."
    wait "$ui"
else
    trap - EXIT
    echo "The web UI is at $address (kill $ui stops it)."
fi
