"""The files that install gloss say the same thing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"[A-Za-z0-9._-]+")


def project() -> dict[str, list[str]]:
    """The project's dependencies, and those for development."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"run": settings["dependencies"], "dev": settings["optional-dependencies"]["dev"]}


def name_of(requirement: str) -> str:
    """The package's name as PyPI compares it."""
    match = NAME.match(requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def lines(name: str) -> list[str]:
    """The requirements in a file, without comments and options."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-"))]


def test_the_lock_pins_every_dependency() -> None:
    pinned = {name_of(line) for line in lines("requirements.lock")}
    wanted = {name_of(line) for group in project().values() for line in group}
    assert wanted <= pinned


def test_the_lock_serves_every_machine() -> None:
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line


def test_the_space_installs_what_the_project_needs() -> None:
    wanted = {line for line in project()["run"] if name_of(line) != "torch"}
    (torch,) = (line for line in lines("requirements.lock") if name_of(line) == "torch")
    assert set(lines("requirements.txt")) == wanted | {torch}


def test_torch_is_one_version_everywhere() -> None:
    (torch,) = (line for line in lines("requirements.lock") if name_of(line) == "torch")
    assert f"torch={torch}\n" in (ROOT / "install.sh").read_text(encoding="utf-8")


def test_the_licence_is_the_agpl() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in text
    assert "13. Remote Network Interaction" in text
