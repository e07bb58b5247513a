"""What the README shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.show.markdown import to_markdown
from app.write import write_digest
from index.library import Library

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def _between(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", README, re.S)
    assert found, mark
    return found[1]


def test_the_digest_shown_is_the_digest_written(sample_library: Library) -> None:
    digest = to_markdown(write_digest(sample_library, "choosing-passage-size"))
    shown = re.sub(r"^> ?", "", _between("digest"), flags=re.M).strip()
    shown = shown.removesuffix("…").strip()
    assert len(shown) > 500
    assert shown in digest


def test_commands_named_in_the_readme_exist(subtests: pytest.Subtests) -> None:
    from typer.testing import CliRunner

    from app.cli import app

    commands = sorted(set(re.findall(r"`gloss ([a-z]+)", README)))
    assert len(commands) > 10
    for command in commands:
        with subtests.test(command=command):
            ran = CliRunner().invoke(app, [command, "--help"])
            assert ran.exit_code == 0, ran.output
            assert "Usage: " in ran.stdout


def test_options_named_in_the_readme_exist() -> None:
    from typer.main import get_command

    from app.cli import app

    commands = getattr(get_command(app), "commands")  # noqa: B009  # click's, which mypy lacks
    named: dict[str, set[str]] = {}
    for line in README.splitlines():
        found = re.match(r"(?:\| `)?gloss ([a-z]+)", line)
        if found and found[1] in commands:  # else it is prose
            named.setdefault(found[1], set()).update(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line))
    assert {"--in", "--like", "--role"} <= named["search"]
    for command, options in named.items():
        there = {option for one in commands[command].params for option in one.opts}
        assert options <= there, command


def test_settings_named_in_the_readme_exist() -> None:
    from index.config import Settings

    named = set(re.findall(r"`GLOSS_([A-Z_]+)`", README))
    assert named
    settings = Settings()
    for name in named:
        *group, last = name.lower().split("__")
        assert hasattr(getattr(settings, group[0]) if group else settings, last), name


def test_the_llamaindex_example_runs(
    sample_library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    example = re.search(r"```python\n([^`]*LibraryRetriever.*?)```", README, re.S)
    assert example
    body = example[1].split("with gloss.open_library() as library:\n")[1]
    code = "from index.library.retriever import LibraryRetriever\n" + re.sub(
        r"^    ", "", body, flags=re.M
    )
    exec(compile(code, "README.md", "exec"), {"library": sample_library})
    assert len(capsys.readouterr().out.splitlines()) >= 5


def test_links_in_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
