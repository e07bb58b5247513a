"""gloss as a Python package: what README shows, and a user's folder whose names are ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from thinned import some

import gloss

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
SAMPLE = DATA / "cited-digests.pdf"
# What the console script does.
SCRIPT = "from gloss import main\n\nif __name__ == '__main__':\n    main()\n"
# Without ``if __name__ == "__main__"``, as people write five lines.
PROGRAM = """
import gloss

print("begun")
with gloss.open_library("papers") as library:
    print([outcome.added.status for outcome in gloss.add(library, "paper.pdf")])
"""


def test_the_example_of_the_readme_goes_from_a_pdf_to_a_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import gloss\n[^`]*to_markdown.*?)```", readme, re.S)
    assert len([line for line in example.splitlines() if line]) == 5
    (tmp_path / "paper.pdf").write_bytes(SAMPLE.read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {"__name__": "__main__"})
    said = capsys.readouterr().out
    assert said.startswith("# ")
    assert "## Conclusion" in said


def test_a_paper_is_added_searched_asked_and_digested(tmp_path: Path) -> None:
    (paper := tmp_path / "a-paper.pdf").write_bytes(SAMPLE.read_bytes())
    (empty := tmp_path / "empty.md").write_text("", encoding="utf-8")
    with gloss.open_library(tmp_path / "library") as library:
        first, second = gloss.add(library, empty, paper)
        assert first.added is not None
        assert first.added.status == "ok"
        assert second.added is not None
        assert second.added.status != "ok"
        assert second.reason
        hits = gloss.search(library, "does every sentence cite its source?", k=3)
        assert [type(hit) for hit in hits] == [gloss.Hit] * 3
        answer = gloss.ask(library, "What does a digest cite?")
        assert isinstance(answer, gloss.Answer)
        digest = gloss.digest(library, first.added.paper_id)
        assert "> " in gloss.to_markdown(digest)
        with pytest.raises(gloss.GlossError, match="no-such"):
            gloss.add(library, paper, tmp_path / "no-such.pdf")


def test_all_that_is_offered_is_there() -> None:
    for name in gloss.__all__:
        assert getattr(gloss, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        gloss.nothing  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'openvino', 'torch', 'pymupdf', 'gradio', 'pydantic'}"
    program = f"import gloss, sys; sys.exit(bool({heavy} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


@pytest.mark.parametrize("command", some(["program", "script"], 2))
def test_a_folder_with_modules_of_the_same_names_does_no_harm(tmp_path: Path, command: str) -> None:
    for name in ("app.py", "index.py", "eval/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("raise SystemExit('the module of the user')\n", encoding="utf-8")
    (tmp_path / "paper.pdf").write_bytes(SAMPLE.read_bytes())
    runs = {
        "script": (SCRIPT, ["add", "paper.pdf", "--library", "papers"]),
        "program": (PROGRAM, []),
    }
    code, arguments = runs[command]
    entry = tmp_path / "bin" / "entry.py"
    entry.parent.mkdir()
    entry.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(entry), *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((".", str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ok" in done.stdout
    assert done.stdout.count("begun") == (command == "program")
