"""What README.md and docs/ show is what the program does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import app
from app.show.markdown import to_markdown
from app.write import write_digest
from index.config import Settings
from index.library import Library

ROOT = Path(__file__).parent.parent
DOCS = {path: path.read_text("utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]}
ALL = "\n".join(DOCS.values())


def test_the_digest_shown_is_the_digest_written(sample_library: Library) -> None:
    digest = to_markdown(write_digest(sample_library, "choosing-passage-size"))
    (found,) = re.findall(r"<!-- digest -->\n(.*?)<!-- /digest -->", ALL, re.S)
    shown = re.sub(r"^> ?", "", found, flags=re.M).strip()
    assert len(shown) > 500
    assert shown in digest


def test_commands_and_settings_are_documented_as_they_are() -> None:
    path = ROOT / "docs" / "build.py"
    spec = importlib.util.spec_from_file_location("docs_build", path)
    assert spec
    assert spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert DOCS[ROOT / "docs" / "commands.md"] == build.commands(), "run `make docs`"
    assert DOCS[ROOT / "docs" / "settings.md"] == build.settings(), "run `make docs`"


def test_commands_and_options_named_in_the_docs_exist() -> None:
    commands = getattr(get_command(app), "commands")  # noqa: B009  # click's, which mypy lacks
    named: dict[str, set[str]] = {}
    for code in re.findall(r"^```\w*\n(.*?)^```|`([^`\n]+)`", ALL, re.S | re.M):
        for line in "".join(code).splitlines():
            for command, rest in re.findall(r"^(?:\w+=\S+ )*gloss ([a-z]+)\b([^#]*)", line):
                options = re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest)
                named.setdefault(command, set()).update(options)
    assert named.keys() <= commands.keys()
    assert {"--in", "--role"} <= named["search"]
    for command, options in named.items():
        inner = [commands[command], *getattr(commands[command], "commands", {}).values()]
        there = {option for one in inner for each in one.params for option in each.opts}
        assert options <= there | {"--help"}, command


def test_settings_named_in_the_docs_exist() -> None:
    named = set(re.findall(r"\bGLOSS_([A-Z_]+[A-Z])\b", ALL))
    named -= {name for name in named if name.startswith("TEST_")}  # where tests find a program
    assert len(named) > 30
    settings = Settings()
    for name in named:
        *group, last = name.lower().split("__")
        assert hasattr(getattr(settings, group[0]) if group else settings, last), name


def test_the_llamaindex_example_runs(
    sample_library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    example = re.search(r"```python\n([^`]*LibraryRetriever.*?)```", ALL, re.S)
    assert example
    body = example[1].split("with gloss.open_library() as library:\n")[1]
    code = "from index.library.retriever import LibraryRetriever\n" + re.sub(
        r"^    ", "", body, flags=re.M
    )
    exec(compile(code, "README.md", "exec"), {"library": sample_library})
    assert len(capsys.readouterr().out.splitlines()) >= 5


def test_links_in_the_docs_lead_somewhere() -> None:
    for path, text in DOCS.items():
        for target in re.findall(r"\]\(([^)#\s]+)[)#]", text):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name}: {target}"
