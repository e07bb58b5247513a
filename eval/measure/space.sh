#!/usr/bin/env bash
# What a Space does, on this machine: the repository copied without its history, started with a Space's
# environment and without a network, as a user who may write to nothing of it but a home folder.
#
#     eval/measure/space.sh VENV WORK [COMMIT]
#
# VENV has requirements.txt installed; WORK is a folder to work in. Prints the seconds from the start to
# the first page and to the first answered search, the first time and the second, and leaves the server's
# words in WORK. Needs util-linux's unshare, and curl; run it as root or where user namespaces are allowed.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=$(cd "$1" && pwd); mkdir -p "$2"; work=$(cd "$2" && pwd); commit=${3-HEAD}

rm -rf "$work/app" "$work/home"; mkdir -p "$work/app" "$work/home"
git -C "$root" archive "$commit" | tar -x -C "$work/app"
chmod -R a-w "$work/app"

run() { # without a network but the loopback
    unshare --net -- bash -c 'ip link set lo up 2>/dev/null || true; exec "$@"' run "$@"
}
export -f run
cat > "$work/inside.sh" <<'I'
cd "$1/app"
export SPACE_ID=someone/gloss SPACE_HOST=someone-gloss.hf.space SYSTEM=spaces HOME="$1/home" \
    GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 PYTHONDONTWRITEBYTECODE=1
began=$(date +%s.%N)
"$2/bin/python" space.py > "$1/server.log" 2>&1 &
server=$!
until curl -sf -o /dev/null http://127.0.0.1:7860/; do
    kill -0 $server 2>/dev/null || { cat "$1/server.log"; exit 1; }
    sleep 0.2
done
page=$(date +%s.%N)
curl -sf 'http://127.0.0.1:7860/api/search?q=how+are+passages+cut' > "$1/answer.json"
found=$(date +%s.%N)
hits=$("$2/bin/python" -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["hits"]))' "$1/answer.json")
echo "$3: first page $(echo "$page - $began" | bc) s, first answered search $(echo "$found - $began" | bc) s, $hits hits"
if [ -n "${LOOK:-}" ]; then $LOOK; fi
kill -TERM $server; wait $server || true
I
for start in first second; do run bash "$work/inside.sh" "$work" "$venv" "$start start"; done
