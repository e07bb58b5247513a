"""Hexo makes a blog of gloss's pages: titles and sentences are shown there, and do nothing.

Hexo itself runs, with its renderer and three themes of its registry.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import test_day as days

from app.digest import Digest
from app.publish.day import FailedPaper, to_hexo
from app.publish.files import write_file
from app.show.text import plain
from app.show.views import Picture

pytestmark = pytest.mark.slow


ATTACKS: list[str] = days.ATTACKS
_Page, _day, _titled, APP = days._Page, days._day, days._titled, days.APP
# What breaks out of a string of JavaScript, and what the themes' own templates would run.
OF_THEMES = (
    "ends in a backslash \\",
    "'; alert(1); //",
    "`${alert(1)}`",
    "</title><script>alert(1)</script>",
    "<%= alert(1) %> #{alert(1)} !{alert(1)}",
    "\u2028alert(1)\u2028",
    "--><img src=x onerror=alert(1)>",
)
PACKAGES = (
    "hexo@8.1.2", "hexo-renderer-marked@7.0.1", "hexo-renderer-ejs@2.0.0",
    "hexo-renderer-pug@3.0.0", "hexo-renderer-stylus@3.0.1", "hexo-generator-index@4.0.0",
    "hexo-generator-archive@2.0.0", "hexo-generator-tag@2.0.0", "hexo-generator-category@2.0.0",
    "hexo-theme-landscape@1.1.0", "hexo-theme-next@8.29.0", "hexo-theme-butterfly@5.7.0",
)  # fmt: skip


@pytest.fixture(scope="session")
def hexo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Hexo: the one that GLOSS_TEST_HEXO names, or one that npm fills."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no node and npm on this machine")
    if "GLOSS_TEST_HEXO" in os.environ:
        return Path(os.environ["GLOSS_TEST_HEXO"])
    folder = tmp_path_factory.mktemp("hexo")
    (folder / "package.json").write_text(json.dumps({"name": "blog", "private": True}))
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]
    command = ["npm", "install", *options, *PACKAGES]
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install Hexo in a quarter of an hour")
    if ran.returncode:
        pytest.skip(f"npm cannot install Hexo here: {ran.stderr.strip()[-200:]}")
    return folder


def generate(hexo: Path, blog: Path, settings: str) -> None:
    """Let Hexo make the blog of a folder with these settings."""
    (blog / "_config.yml").write_text(
        f"title: x\nurl: http://example.org\nroot: /\n{settings}", encoding="utf-8"
    )
    package = json.loads((hexo / "package.json").read_text())
    package["hexo"] = {"version": "8"}  # by which Hexo knows a blog
    (blog / "package.json").write_text(json.dumps(package))
    (blog / "node_modules").symlink_to(hexo / "node_modules")
    ran = subprocess.run(
        ["node", str(hexo / "node_modules" / "hexo" / "bin" / "hexo"), "generate"],
        cwd=blog,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "ERROR" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("in_posts", [True, False])
def test_hexo_shows_every_title_as_it_is(
    digest_of: Callable[..., Digest],
    claim_of: Callable[..., Any],
    tmp_path: Path,
    hexo: Path,
    in_posts: bool,
) -> None:
    digests = [
        _titled(digest_of(limits=[claim_of(attack, "limitations.1", 2)]), attack, f"2401.{n:05}")
        for n, attack in enumerate(ATTACKS)
    ]
    pictures = {("2401.00000", "limits.1"): Picture("Figure 1", "2024-07-05-cs.cv/f.png", 1, 1)}
    failed = tuple(FailedPaper(f"f{n}", attack, attack) for n, attack in enumerate(ATTACKS))
    day = _day(digests, pictures=pictures, failed=failed, app_url=APP)
    source = tmp_path / "source"
    write_file(source / "_posts" / f"{day.stem}.md", to_hexo(day).encode())
    folder = source / "_posts" if in_posts else source
    write_file(folder / "2024-07-05-cs.cv" / "f.png", b"\x89PNG\r\n\x1a\n")
    generate(
        hexo,
        tmp_path,
        f"theme: landscape\npost_asset_folder: {str(in_posts).lower()}\n"
        "marked:\n  smartypants: false\n",
    )
    made = (tmp_path / "public" / f"{day.stem}.html").read_text()
    body = made[made.index('itemprop="articleBody"') : made.index("article-footer")]
    seen = _Page(body)
    for attack in ATTACKS:
        assert seen.text.count(plain(attack)) >= 4, attack  # list, title, sentence, foot
    assert not {"script", "svg", "iframe"} & {tag for tag, _ in seen.tags}
    assert seen.of("img", "src") == ["/2024-07-05-cs.cv/f.png"]
    assert (tmp_path / "public" / "2024-07-05-cs.cv" / "f.png").is_file()
    ids = {found["id"] for _, found in seen.tags if "id" in found}
    jumps = [href[1:] for href in seen.of("a", "href") if href.startswith("#paper-")]
    assert len(jumps) == len(ATTACKS) and set(jumps) <= ids


def _run(hexo: Path, scripts: list[str]) -> list[str]:
    """What happens when node runs scripts of a page: those that call ``alert`` or do not parse."""
    program = """
        const vm = require("vm"), found = [];
        for (const script of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
          let called = false;
          const any = new Proxy(function () {}, {
            get: (_, name) => name === Symbol.toPrimitive ? () => "" : any, apply: () => any,
            construct: () => any, has: () => true, set: () => true });
          const world = new Proxy({ alert: () => { called = true } }, {
            get: (own, name) => name in own ? own[name] : name in globalThis ? undefined : any,
            has: () => true });
          const whole = "with (world) {" + script + "\\n}";
          try { vm.runInNewContext(whole, { world }, { timeout: 2000 }) }
          catch (error) { if (error.name === "SyntaxError") found.push("SyntaxError: " + script) }
          if (called) found.push("alert: " + script);
        }
        console.log(JSON.stringify(found));
    """
    ran = subprocess.run(
        ["node", "-e", program],
        input=json.dumps(scripts),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[str] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("theme", ["landscape", "next", "butterfly"])
def test_no_theme_runs_what_a_paper_says(
    digest_of: Callable[..., Digest], tmp_path: Path, hexo: Path, theme: str
) -> None:
    """In posts, lists, archives, pages of tags and feeds, with each attack as topic and title."""
    attacks = [*ATTACKS, *OF_THEMES]
    for number, attack in enumerate(attacks):
        digest = _titled(digest_of(), attack, f"2401.{number:05}")
        digest = replace(digest, paper=replace(digest.paper, authors=(attack,)))
        day = _day([digest], topic=attack, failed=(FailedPaper("f", attack, attack),))
        write_file(tmp_path / "source" / "_posts" / f"{number}.md", to_hexo(day).encode())
    generate(hexo, tmp_path, f"theme: {theme}\nper_page: 100\nmarked:\n  smartypants: false\n")
    made = sorted((tmp_path / "public").rglob("*.html"))
    assert len(made) >= len(attacks) + 3  # posts, index, archives, tags
    scripts: set[str] = set()
    for file in made:
        text = file.read_text(encoding="utf-8")
        page = _Page(text)
        for tag, attributes in page.tags:
            for name, value in attributes.items():
                said = str(value or "")
                assert not (name.startswith("on") and "alert" in said), (file.name, tag, said)
                if name in ("href", "src", "action", "data-src", "xlink:href"):
                    if tag != "a":  # an address that a text prints is a link to it
                        assert "evil.example" not in said, (file.name, tag, said)
                    assert not re.match(r"\s*(?:javascript|data):.*alert", said, re.I), said
            assert tag != "svg" or "onload" not in attributes
            assert (tag, attributes.get("src")) != ("img", "x")
        scripts |= set(
            re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", text, flags=re.S | re.I)
        )
    assert scripts or theme == "landscape"  # which has none of its own
    runs = [one for one in scripts if one.strip() and not one.lstrip().startswith("{")]
    found = _run(hexo, runs)
    assert found == [], found[:3]
