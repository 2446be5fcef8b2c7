"""The documentation: generated pages are current, marked examples run, the site builds and stays offline."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from vestige.cli import run

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MARKED = re.compile(r"<!-- run(?:: exit (\d+))? -->\n```(python|console)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date(generator: ModuleType) -> None:
    for name, text in generator.pages().items():
        assert (DOCS / "reference" / name).read_text(encoding="utf-8") == text, "run: python tools/generate_docs.py"


def test_every_command_and_option_says_what_it_does(generator: ModuleType) -> None:
    silent = [name for name, command in generator.commands() if not command.help]
    silent += [
        f"{name} {found.name}"
        for name, command in generator.commands()
        for found in command.params
        if not found.help and not found.hidden
    ]
    assert silent == []


def test_every_command_is_on_the_page(generator: ModuleType) -> None:
    page = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    names = [name for name, _ in generator.commands()]
    assert len(names) > 3
    assert [name for name in names if f"## vestige {name}\n" not in page] == []


PAGES_WITH_EXAMPLES = [page for page in sorted(DOCS.rglob("*.md")) if MARKED.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES_WITH_EXAMPLES, ids=lambda page: str(page.relative_to(DOCS)))
def test_marked_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a page after `<!-- run -->` run in order, in one folder and one Python namespace.

    `<!-- run: exit 1 -->` expects another exit code of each command in the block.
    """
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for code, language, block in MARKED.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            exec(compile(block, f"{page.name} example", "exec"), namespace)
            continue
        commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        assert commands
        for command in commands:
            program, *arguments = shlex.split(command)
            assert program == "vestige"
            assert run(arguments) == int(code or 0), command


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(DOCS)}: {target}"
        for page in DOCS.rglob("*.md")
        for target in re.findall(r"\]\(([^)#:]+\.(?:md|png|svg))(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_site_builds_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="install the documentation's tools: pip install 'vestige[docs]'")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    asked = [
        f"{page.name}: {tag}"
        for page in (tmp_path / "site").rglob("*.html")
        for tag in re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"?(?:https?:)?//[^>]*>", page.read_text())
    ]
    assert asked == []
    assert (tmp_path / "site" / "reference" / "dataset.html").is_file()
