"""Picture 图: takes docs/pictures/overview.png from a running Siyu with the sample brand.

    SIYU_PASSWORD=… python tools/picture.py [http://127.0.0.1:8760]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

OUT = Path(__file__).parents[1] / "docs" / "pictures" / "overview.png"
LIMIT_BYTES = 300 * 1024


def main(url: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN", reduced_motion="reduce")
        page.goto(f"{url}/login")
        page.locator("input").nth(0).fill("owner")
        page.locator("input").nth(1).fill(password)
        page.locator("input").nth(1).press("Enter")
        page.locator("main canvas, main svg").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)
        page.screenshot(path=OUT)
        browser.close()
    size = OUT.stat().st_size
    print(f"{OUT.name}: {size:,} bytes")
    if size > LIMIT_BYTES:
        sys.exit(f"larger than {LIMIT_BYTES:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8760", os.environ["SIYU_PASSWORD"])
