"""How smoothly the canvas of journeys moves with 200 steps on it, in Chromium without a graphics card.

Run: python bench/canvas.py [steps]

Work: a journey of 200 steps (a ladder of branches) is opened in the built console at 1440 × 900; the canvas is dragged for three seconds, then one step
is. Frames are counted by the page itself while the mouse moves.
Limit: 50 frames a second while it is moved. The peer is the same page with an empty journey under the same mouse.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.house import WRITES, Server, start, stop

LIMIT_FRAMES = 50
COUNT = """() => { window.frames_ = []; let last = performance.now();
    const look = now => { window.frames_.push(now - last); last = now; window.counting_ = requestAnimationFrame(look); };
    window.counting_ = requestAnimationFrame(look); }"""
COUNTED = """() => { cancelAnimationFrame(window.counting_); const some = window.frames_.slice(2);
    return {rate: some.length / some.reduce((sum, one) => sum + one, 0) * 1000, p95: some.toSorted((a, b) => a - b)[Math.floor(some.length * 0.95)]}; }"""


def drawn(count: int) -> dict[str, Any]:
    """A ladder: waits, each of which may be followed by a tag beside the way."""
    nodes: dict[str, Any] = {}
    for number in range(1, count + 1):
        after = f"n{number + 1}" if number < count else None
        if number % 4 == 0:
            side = f"n{number + 2}" if number + 2 <= count else None
            nodes[f"n{number}"] = {"step": "wait_until", "with": {"event": "order_paid"}, "to": {"happened": after, "timeout": side}}
        else:
            nodes[f"n{number}"] = {"step": "wait", "with": {"hours": number}, "to": {"next": after}} if number % 2 else {"step": "tag", "with": {"add": [f"t{number}"]}, "to": {"next": after}}
    return {"entry": {"kind": "manual"}, "nodes": nodes, "start": "n1" if count else None}


def opened(page: Page, server: Server, count: int) -> None:
    answer = page.request.post("/api/v1/journeys", data={"name": f"{count} steps", "definition": drawn(count)}, headers=WRITES)
    assert answer.ok, answer.text()
    page.goto(f"/journeys/{answer.json()['id']}")
    page.locator(".react-flow__node").first.wait_for()
    page.wait_for_timeout(2_000)


def moved(page: Page, x: float, y: float, seconds: float) -> dict[str, float]:
    """Frames a second, and the frame that only one in twenty exceeds (ms), while the mouse drags from a place to and fro."""
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(COUNT)
    began = page.evaluate("performance.now()")
    step = 0
    while page.evaluate("performance.now()") - began < seconds * 1000:
        step += 1
        page.mouse.move(x + 120 * ((step % 40) / 20 - 1), y + 80 * ((step % 60) / 30 - 1))
    found: dict[str, float] = page.evaluate(COUNTED)
    page.mouse.up()
    return found


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as driver:
        server = start(Path(home))
        try:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
            context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server.url, reduced_motion="reduce")
            context.request.post("/api/v1/session", data={"login": server.login, "password": server.password}, headers=WRITES)
            page = context.new_page()
            opened(page, server, 0)
            peer = moved(page, 800, 560, 3)
            opened(page, server, count)
            drawn_nodes = page.locator(".react-flow__node").count()
            box = page.locator(".jdraw").bounding_box()
            assert box is not None
            pan = moved(page, box["x"] + 30, box["y"] + box["height"] / 2, 3)
            card = page.locator(".jcard").nth(3).bounding_box()
            assert card is not None
            drag = moved(page, card["x"] + card["width"] / 2, card["y"] + 10, 3)
        finally:
            stop(server)
    print(f"{drawn_nodes} cards on the canvas")
    for name, one in (("empty canvas dragged (the peer)", peer), ("canvas dragged", pan), ("one step dragged", drag)):
        print(f"{name:32} {one['rate']:6.1f} frames/s   19 of 20 frames within {one['p95']:5.1f} ms   {one['rate'] / peer['rate']:5.2f} of the peer   limit {LIMIT_FRAMES}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
