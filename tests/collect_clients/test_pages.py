"""Pages of another site in a real Chromium: our one-line script, and 神策's web SDK, unmodified."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import browser_type_launch_args
from tests.browser.house import Server
from tests.collect_clients.conftest import House
from tests.collect_clients.driving import looking_at, make_feed, node_modules, until
from tests.makers.collect import logged

__all__ = ["browser_type_launch_args"]


@dataclass
class Site:
    """A site of somebody else, and the feed that it tells of."""

    url: str
    folder: Path
    server: Server
    key: str
    feed_id: int

    def write(self, html: str, name: str = "index.html") -> str:
        (self.folder / name).write_text(f"<!doctype html><meta charset=utf-8><title>白茶</title>{html}", encoding="utf-8")
        return f"{self.url}/{name}"

    def script(self, more: str = "") -> str:
        return f'<script async src="{self.server.url}/siyu.js" data-key="{self.key}" {more}></script>'

    def arrived(self) -> list[dict[str, Any]]:
        with looking_at(self.server.home) as stores:
            return [row for row in logged(stores, "activity_recorded").to_pylist() if row["feed_id"] == self.feed_id]

    def names(self) -> Counter[str]:
        return Counter(row["name"] for row in self.arrived())

    def waits_for(self, **expected: int) -> None:
        assert until(lambda: self.names() == Counter(expected), seconds=20), self.names()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(house: House, tmp_path: Path) -> Iterator[Site]:
    standing = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=standing.serve_forever, daemon=True)
    thread.start()
    feed = make_feed(house.server, "page")
    yield Site(f"http://localhost:{standing.server_address[1]}", tmp_path, house.server, feed["write_key"], feed["id"])
    standing.shutdown()
    standing.server_close()
    thread.join(timeout=5)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context
    context.close()


def ready(page: Page) -> None:
    page.wait_for_function("Boolean(window.siyu && window.siyu.track)")


def test_one_line_tells_of_the_page_and_of_what_is_asked(site: Site, phone: BrowserContext) -> None:
    page = phone.new_page()
    before = '<script>(window.siyu = window.siyu || []).push(["track", "early", {n: 1}])</script>'
    page.goto(site.write(before + site.script()))
    ready(page)
    page.evaluate("siyu.identify('member-9', {level: 2}); siyu.track('added', {sku: 'T1'}); history.pushState({}, '', '/p/2')")
    site.waits_for(early=1, added=1, page_viewed=2)
    assert any('"title":"白茶"' in row["properties"] for row in site.arrived())
    # The next page is the same visitor, who is known by now.
    page.goto(site.write(site.script('data-page="off"'), "two.html"))
    ready(page)
    page.evaluate("siyu.track('second')")
    site.waits_for(early=1, added=1, page_viewed=2, second=1)
    by_name = {row["name"]: row["identity_key"] for row in site.arrived()}
    assert by_name["second"] == by_name["added"]


def test_what_was_said_without_a_network_comes_when_it_is_back(site: Site, phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto(site.write(site.script('data-page="off"')))
    ready(page)
    phone.set_offline(True)
    page.evaluate("siyu.track('in the lift', {floor: 3}); siyu.flush()")
    page.wait_for_timeout(300)
    assert site.names() == Counter()
    phone.set_offline(False)
    site.waits_for(**{"in the lift": 1})


def test_what_a_closed_page_could_not_send_comes_from_the_next_and_counts_once(site: Site, phone: BrowserContext) -> None:
    address = site.write(site.script('data-page="off"'))
    page = phone.new_page()
    # The server takes it, but its answer never comes: the page cannot know.
    page.route("**/v1/batch", _answer_lost)
    page.goto(address)
    ready(page)
    # The route is answered by this thread: it must wait for it inside the browser's loop, not beside it.
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/v1/batch")):
        page.evaluate("siyu.track('said twice'); siyu.flush()")
    site.waits_for(**{"said twice": 1})
    page.close()
    again = phone.new_page()
    sent: list[str] = []
    again.on("request", lambda request: sent.append(request.post_data or "") if request.url.endswith("/v1/batch") else None)
    again.goto(address)
    ready(again)
    again.evaluate("for (const name of Object.keys(localStorage)) if (name.startsWith('siyu.q.')) localStorage[name] = localStorage[name].replace(/\"t\":\\d+/, '\"t\":0')")
    again.reload()
    ready(again)
    again.wait_for_timeout(1500)
    assert any("said twice" in body for body in sent)
    again.evaluate("siyu.track('after'); siyu.flush()")
    site.waits_for(**{"said twice": 1, "after": 1})


def _answer_lost(route: Any) -> None:
    route.fetch()
    route.abort()


def test_nothing_is_kept_or_sent_before_consent(site: Site, phone: BrowserContext) -> None:
    page = phone.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/v1/batch") else None)
    page.goto(site.write(site.script('data-consent="wait"')))
    ready(page)
    page.evaluate("siyu.track('early'); siyu.flush()")
    page.wait_for_timeout(300)
    assert (sent, page.evaluate("Object.keys(localStorage)")) == ([], [])
    page.evaluate("siyu.consent(true)")
    site.waits_for(early=1, page_viewed=1)
    page.evaluate("siyu.consent(false); siyu.track('late'); siyu.flush()")
    assert page.evaluate("Object.keys(localStorage)") == ["siyu.consent"]
    page.reload()
    ready(page)
    page.evaluate("siyu.track('later'); siyu.flush()")
    page.wait_for_timeout(300)
    assert site.names() == Counter(early=1, page_viewed=1)


SENDS: dict[str, str] = {
    "image": "send_type: 'image'", "ajax": "send_type: 'ajax'", "beacon": "send_type: 'beacon'", "batch": "batch_send: {send_interval: 300}",
}  # fmt: skip


def test_the_web_sdk_of_sensors_in_each_of_its_ways(site: Site, phone: BrowserContext) -> None:
    (site.folder / "sensors.js").write_bytes((node_modules() / "sa-sdk-javascript" / "sensorsdata.min.js").read_bytes())
    for name, how in SENDS.items():
        start = f"sensorsDataAnalytic201505.init({{server_url: '{site.server.url}/sa?project=default&token={site.key}', heatmap: {{}}, {how}}})"
        page = phone.new_page()
        page.goto(site.write(f'<script src="sensors.js"></script><script>window.sa = window.sensorsDataAnalytic201505; {start}</script>', f"{name}.html"))
        page.evaluate(f"sa.track('Web_{name}', {{price: 68}}); sa.login('web-{name}'); sa.setProfile({{level: 2}})")
        assert until(_there(site, f"Web_{name}"), seconds=20), (name, site.names())
        page.close()
    assert {name: count for name, count in site.names().items() if name.startswith("Web_")} == {f"Web_{name}": 1 for name in SENDS}


def _there(site: Site, name: str) -> Callable[[], bool]:
    return lambda: site.names()[name] == 1


def test_the_script_is_small() -> None:
    script = Path(__file__).parents[2] / "siyu" / "collect" / "page" / "siyu.js"
    size = "const z=require('zlib');console.log(z.brotliCompressSync(require('fs').readFileSync(process.argv[1])).length)"
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing, and with it brotli")
    assert int(subprocess.run([node, "-e", size, str(script)], capture_output=True, text=True, check=True).stdout) < 4_000
