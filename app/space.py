"""On Hugging Face Spaces: where things lie there, and what the first visitor finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from index.config import Settings
from index.errors import GlossError

LIBRARY, CACHE = "library", "cache"
PERSISTENT = Path("/data")  # a Space's storage that stays, where it has one


class NowhereToWrite(GlossError):
    """No folder can be written to."""

    def __init__(self, tried: list[Path]) -> None:
        places = ", ".join(str(one) for one in tried)
        super().__init__(f"no folder can be written: {places}; set GLOSS_LIBRARY and GLOSS_CACHE")


def place_of(environment: Mapping[str, str], here: Path, persistent: Path = PERSISTENT) -> Path:
    """The folder for all that is written: the storage that stays, else one that may vanish.

    Without storage that stays, a Space begins anew from the sample papers whenever it starts.
    Raises ``NowhereToWrite``.
    """
    home = Path(environment.get("HOME") or "/tmp")
    tried = [persistent / "gloss", here / "demo-space", home / ".gloss-space"]
    for number, folder in enumerate(tried):
        if number == 0 and not persistent.is_dir():
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            trial = folder / ".trial"
            trial.write_bytes(b"")
            trial.unlink()
        except OSError:
            continue
        return folder
    raise NowhereToWrite(tried)


def space_settings(environment: Mapping[str, str], here: Path) -> Settings:
    """The environment's settings; what it leaves open is as a public instance needs it."""
    settings = Settings()
    wanted: dict[str, object] = {"public": True}
    if "GLOSS_LIBRARY" not in environment or "GLOSS_CACHE" not in environment:
        place = place_of(environment, here)
        wanted |= {"library": place / LIBRARY, "cache": place / CACHE}
    unset = {name: value for name, value in wanted.items() if _name(name) not in environment}
    return settings.model_copy(update=unset)


def _name(setting: str) -> str:
    return f"GLOSS_{setting.upper()}"


def stock(settings: Settings, samples: Path) -> None:
    """Put the sample papers and their digests into a library that has no papers."""
    from app.write import write_digest
    from index.library import Library
    from index.sources import find_sources

    with Library.open(settings) as library:
        if library.papers():
            return
        # By name: the folder also holds a README.
        papers = [*samples.glob("*.pdf"), samples / "choosing-passage-size.md"]
        for source in find_sources(papers).found:
            added = library.add(source)
            if added.status == "ok":
                write_digest(library, added.paper_id)
