"""``gloss remove``: papers out of the library, and nothing of them left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_papers_are_taken_out_all_or_none(
    gloss_on_disk: Any, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    gloss = gloss_on_disk
    (tmp_path / "empty.md").write_text(" ")
    assert gloss("add", str(versions[0]), str(tmp_path / "empty.md")).code == 3
    assert gloss("digest", "2407.03300").code == 0
    ran = gloss("remove", "2407.03300", "nothing")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "gloss: nothing: not in this library; `gloss papers` lists what is there\n"
    assert len(json.loads(gloss("papers", "--json").out)["papers"]) == 2
    ran = gloss("remove", "2407.03300", "empty", "2407.03300")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "2407.03300  removed\nempty  removed\n"
    assert json.loads(gloss("papers", "--json").out)["papers"] == []
    assert list((tmp_path / "library" / "files").glob("*.md")) == []
    assert gloss("search", "lanterns").out == ""
    assert "health                ok" in gloss("doctor").out
