"""The page in a real browser with the network off."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--proxy-server=127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@pytest.fixture
def chromium(tmp_path):
    if CHROMIUM is None:
        if os.environ.get("VESTIGE_REQUIRE_SERVERS"):
            pytest.fail("Chromium is missing: install chromium")
        pytest.skip("needs Chromium: install chromium")

    def run(*options):
        command = [CHROMIUM, *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path)

    return run


def asked_by_page(file: Path) -> list[str]:
    """Addresses that a page asked for, from Chromium's network log; its own requests have no origin."""
    log = json.loads(file.read_text(encoding="utf-8"))
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    begun = [event["params"] for event in log["events"] if event["type"] == start and "url" in event.get("params", {})]
    return [params["url"] for params in begun if params.get("initiator") != "not an origin"]


PICTURE = '<img src="http://192.0.2.1/x.png"></main>'


def test_the_page_shows_all_charts_and_asks_for_nothing(chromium, report, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(report.html, encoding="utf-8")
    log = tmp_path / "net.json"
    shown = chromium(f"--log-net-log={log}", "--enable-logging=stderr", "--dump-dom", page.as_uri())
    assert shown.stdout.count("<svg") == shown.stdout.count("<figure") == report.html.count("<svg") >= 6
    assert shown.stdout.count("<section") == len(report.chapters)
    assert "violates the following Content Security Policy" not in shown.stderr
    assert asked_by_page(log) == []


def test_a_page_with_a_picture_would_have_been_noticed(chromium, report, tmp_path):
    page = tmp_path / "tampered.html"
    log = tmp_path / "net.json"
    open_door = report.html.replace("Content-Security-Policy", "X").replace("</main>", PICTURE)
    page.write_text(open_door, encoding="utf-8")
    chromium(f"--log-net-log={log}", "--dump-dom", page.as_uri())
    assert asked_by_page(log) == ["http://192.0.2.1/x.png"]


def test_the_policy_blocks_what_a_tampered_page_would_load(chromium, report, tmp_path):
    page = tmp_path / "tampered.html"
    log = tmp_path / "net.json"
    page.write_text(report.html.replace("</main>", PICTURE), encoding="utf-8")
    shown = chromium(f"--log-net-log={log}", "--enable-logging=stderr", "--dump-dom", page.as_uri())
    assert "violates the following Content Security Policy" in shown.stderr
    assert asked_by_page(log) == []


def test_it_is_drawn_and_printed(chromium, report, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(report.html, encoding="utf-8")
    chromium("--window-size=900,1200", f"--screenshot={tmp_path / 'screen.png'}", page.as_uri())
    chromium("--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'report.pdf'}", page.as_uri())
    assert (tmp_path / "screen.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
