"""``gloss backup`` and ``gloss restore``, as people and programs see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_a_library_is_copied_and_put_back(
    gloss_on_disk: Any, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    gloss, directory, folder = gloss_on_disk, tmp_path / "library", tmp_path / "copy"
    assert gloss("backup", str(folder)).err.endswith("no library here; `gloss add` makes one\n")
    gloss("add", str(versions[0]))
    made = json.loads(gloss("backup", str(folder), "--json").out)
    assert (made["folder"], made["papers"], made["damaged"]) == (str(folder), 1, [])
    again = gloss("backup", str(folder))
    assert (again.code, again.out) == (2, "")
    assert again.err == f"gloss: {folder}: is there already; name a new folder\n"
    other = tmp_path / "other.md"
    other.write_text("# Lanterns\n\n## Method\n\n" + "Lanterns burn oil at night. " * 30)
    assert gloss("add", str(other)).code == 0
    ran = gloss("restore", str(folder))
    assert (ran.code, ran.err) == (0, "")
    said = ran.out.splitlines()
    assert said[0].startswith(f"{directory}: 1 papers, ")
    assert said[0].endswith(f"as of {made['made']}")
    assert said[1].startswith(f"the catalogue that was there is {directory}/quarantine/catalog-")
    assert said[2] == (
        f"1 files that no paper of the backup has are in {directory}/quarantine: "
        "`gloss add` adds them again"
    )
    assert len(json.loads(gloss("papers", "--json").out)["papers"]) == 1
    assert gloss("search", "lanterns").out != ""
    assert f"`gloss add {directory}/quarantine` adds them again" in gloss("doctor").err
    assert gloss("add", str(directory / "quarantine")).code == 0
    done = json.loads(gloss("restore", str(folder), "--json").out)
    assert (done["set_aside"], done["vectors"], done["backup"]) == (1, True, made)


def test_damaged_files_are_said_of_a_backup(
    gloss_on_disk: Any, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    gloss_on_disk("add", str(versions[0]))
    (kept,) = (tmp_path / "library" / "files").glob("*.*")
    kept.write_bytes(b"damaged")
    ran = gloss_on_disk("backup", str(tmp_path / "copy"))
    assert (ran.code, ran.out.split(": ")[0]) == (3, str(tmp_path / "copy"))
    assert ran.err.endswith(": its file is damaged or gone; `gloss doctor` says what to do\n")
