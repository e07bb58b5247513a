#!/usr/bin/env bash
# Install gloss with its development tools into a virtual environment.
#
#     install.sh FOLDER
#
# PyPI's torch for Linux brings several gigabytes of CUDA libraries, which gloss has no use for. So on
# Linux the CPU build comes first, from the PyTorch project's own index; where that is out of reach,
# whatever pip finds. On macOS PyPI's torch is a CPU build.
#
# Every file that is installed has a SHA-256 of requirements.hashes or requirements.torch, or pip stops;
# gloss itself is built by hatchling of the same file. LOCK= takes the newest versions instead, unchecked.
set -euo pipefail
cd "$(dirname "$0")"

folder=$1
lock=${LOCK-requirements.hashes}
torch=torch==2.13.0

echo "installing into $folder: some 2.8 GB, a few minutes" >&2
"${PYTHON:-python3}" -m venv "$folder"
pip() { "$folder/bin/python" -m pip --disable-pip-version-check "$@"; }

installed() { pip show "$1" 2>/dev/null | sed -n 's/^Version: \([^+]*\).*/\1/p'; } # without "+cpu"

if [ "$(uname -s)" = Linux ] && [ "$(installed torch)" != "${torch#torch==}" ]; then
    pip install --quiet --no-deps --timeout 10 --retries 1 \
        --index-url https://download.pytorch.org/whl/cpu \
        --require-hashes --requirement requirements.torch 2>"$folder/torch.log" ||
        echo "download.pytorch.org is out of reach; taking torch from pip's default index," \
            "which may bring CUDA libraries (see $folder/torch.log)" >&2
fi
if [ -n "$lock" ]; then
    pip install --quiet --no-deps --require-hashes --requirement "$lock"
    pip install --quiet --no-deps --no-build-isolation --editable .
else
    pip install --quiet "$torch" --editable '.[dev]'
fi
