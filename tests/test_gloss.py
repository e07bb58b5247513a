"""gloss as a Python package: what README shows, and a user's folder whose names are ours."""

from __future__ import annotations

import contextlib
import io
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
    print([outcome.added.status for outcome in gloss.add(library, "paper.md")])
"""
PAPER = "# Lanterns\n\n## Method\n\n" + "Lanterns burn oil at night, and we counted them all. " * 9


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``paper.pdf``, in which the example of README was run, and what it printed."""
    home = tmp_path_factory.mktemp("home")
    (home / "paper.pdf").write_bytes(SAMPLE.read_bytes())
    said = io.StringIO()
    with (
        contextlib.chdir(home),
        contextlib.redirect_stdout(said),
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setenv("GLOSS_READ__WORKERS", "1")  # each takes half a second to start
        exec(compile(_example(), "README.md", "exec"), {"__name__": "__main__"})
    (home / "said").write_text(said.getvalue(), encoding="utf-8")
    return home


def _example() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import gloss\n[^`]*to_markdown.*?)```", readme, re.S)
    return str(example)


def test_the_example_of_the_readme_goes_from_a_pdf_to_a_digest(home: Path) -> None:
    assert len([line for line in _example().splitlines() if line]) == 5
    said = (home / "said").read_text(encoding="utf-8")
    assert said.startswith("# ")
    assert "## Conclusion" in said


def test_papers_are_added_searched_asked_and_digested(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOSS_READ__WORKERS", "1")
    paper = home / "paper.pdf"
    (empty := home / "empty.md").write_text("", encoding="utf-8")
    (library_of_example,) = (path.parent for path in home.glob("*/catalog.sqlite"))
    with gloss.open_library(library_of_example) as library:
        first, second = sorted(
            gloss.add(library, empty, paper),
            key=lambda one: one.added is None or one.added.status != "ok",
        )
        assert first.added is not None
        assert (first.added.status, first.added.changed) == ("ok", False)
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
            gloss.add(library, paper, home / "no-such.pdf")


def test_all_that_is_offered_is_there() -> None:
    for name in gloss.__all__:
        assert getattr(gloss, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        gloss.nothing  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'openvino', 'torch', 'pymupdf', 'gradio', 'pydantic'}"
    program = f"import gloss, sys; sys.exit(bool({heavy} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_a_process_that_reads_imports_no_settings() -> None:
    """Each worker begins with these imports."""
    program = (
        "import index.read, index.read.workers, index.read.understand, sys\n"
        "sys.exit(bool({'index.config', 'pydantic'} & sys.modules.keys()))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


@pytest.mark.parametrize("command", some(["program", "script"], 2))
def test_a_folder_with_modules_of_the_same_names_does_no_harm(tmp_path: Path, command: str) -> None:
    for name in ("app.py", "index.py", "eval/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("raise SystemExit('the module of the user')\n", encoding="utf-8")
    (tmp_path / "paper.md").write_text(PAPER, encoding="utf-8")
    runs = {
        "script": (SCRIPT, ["add", "paper.md", "--library", "papers"]),
        "program": (PROGRAM, []),
    }
    code, arguments = runs[command]
    entry = tmp_path / "bin" / "entry.py"
    entry.parent.mkdir()
    entry.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(entry), *arguments],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((".", str(ROOT))),
            "GLOSS_READ__WORKERS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ok" in done.stdout
    assert done.stdout.count("begun") == (command == "program")
