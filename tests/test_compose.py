"""The compose files say what docs/scale.md says of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from index.config import QdrantSettings

ROOT = Path(__file__).parent.parent
FILES = ("compose.yaml", "compose.cluster.yaml")
SCALE = (ROOT / "docs" / "scale.md").read_text("utf-8")


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> Path:
    return ROOT / str(request.param)


def services(file: Path) -> dict[str, dict[str, Any]]:
    read = yaml.safe_load(file.read_text("utf-8"))
    assert isinstance(read["services"], dict)
    return read["services"]


def test_the_image_fits_the_client(file: Path) -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    client = re.search(r"^qdrant-client==(\d+\.\d+)\.", lock, re.M)
    assert client
    for one in services(file).values():
        assert re.fullmatch(rf"qdrant/qdrant:v{re.escape(client[1])}\.\d+", one["image"])


def test_nobody_gets_in_without_the_key(file: Path) -> None:
    """No node starts without one, and none has one that is written here."""
    for one in services(file).values():
        key = one["environment"]["QDRANT__SERVICE__API_KEY"]
        assert re.fullmatch(r"\$\{GLOSS_QDRANT__API_KEY:\?[a-z ]+\}", key)
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", []))


def test_what_is_stored_is_kept(file: Path) -> None:
    read = yaml.safe_load(file.read_text("utf-8"))
    mounted = [
        volume.partition(":")[::2] for one in services(file).values() for volume in one["volumes"]
    ]
    assert {name for name, _ in mounted} == set(read["volumes"])
    stored = [name for name, place in mounted if place == "/qdrant/storage"]
    assert len(stored) == len(set(stored)) == len(services(file))


def test_the_nodes_of_the_cluster_find_each_other() -> None:
    nodes = services(ROOT / "compose.cluster.yaml")
    first = next(iter(nodes))
    for name, one in nodes.items():
        assert one["environment"]["QDRANT__CLUSTER__ENABLED"] == "true"
        command = dict(zip(one["command"][1::2], one["command"][2::2], strict=True))
        assert command.pop("--uri") == f"http://{name}:6335"
        assert command == ({} if name == first else {"--bootstrap": f"http://{first}:6335"})


def has_compose() -> bool:
    """Docker may be there without it."""
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return asked.returncode == 0


@pytest.mark.skipif(not has_compose(), reason="docker compose is not installed")
def test_docker_takes_them(file: Path) -> None:
    ran = subprocess.run(
        ["docker", "compose", "--file", file, "config", "--quiet"],
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GLOSS_QDRANT__API_KEY": "sesame"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_every_setting_of_a_server_is_explained() -> None:
    wanted = {name.upper() for name in QdrantSettings.model_fields}
    named = set(re.findall(r"GLOSS_QDRANT__([A-Z_]+)", SCALE))
    assert named == wanted


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", SCALE):
        if not target.startswith("http"):
            assert (ROOT / "docs" / target).exists(), target
