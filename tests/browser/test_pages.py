"""Every page, in both languages and both themes: no fault that axe knows, nothing wider than a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from siyu.web.build import CONSOLE
from tests.browser.house import OpenPage, Server, api

PAGES = (
    "/login", "/", "/customers", "/customers/1", "/segments", "/segments/new", "/segments/2", "/rfm", "/lifecycle", "/cohorts",
    "/value", "/concentration", "/accounts", "/accounts/new", "/relations", "/staff", "/tags",
    "/imports", "/imports/…", "/jobs", "/team", "/audit", "/feeds", "/events", "/events?tab=seen", "/events?tab=plan", "/events?tab=quarantine", "/system", "/nowhere",
    "/identity", "/traits", "/rights", "/imports/shops", "/imports/places",
    "/content", "/content?as=table", "/content/1", "/content/1?tab=versions", "/content/new?kind=article", "/content/radar",
    "/restraint", "/restraint?tab=versions", "/sends", "/sends?tab=unknown", "/sends/201", "/calendar", "/calendar?view=week",
    "/campaigns", "/campaigns/1", "/campaigns/1?tab=progress", "/campaigns/1?tab=people", "/campaigns/1?tab=log",
    "/campaigns/2/edit", *(f"/campaigns/2/edit?step={step}" for step in ("who", "restraint", "how", "when", "proof", "review")),
)  # fmt: skip
LOOKS = (("zh-CN", "light"), ("en", "dark"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def axe(console_built: None) -> str:
    """axe-core, a development dependency of the console."""
    path = CONSOLE / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not installed: npm ci in console/")
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_pages_are_accessible_and_fit_a_phone(
    sample: Server, open_page: OpenPage, axe: str, language: str, theme: str
) -> None:
    page = open_page(sample, "/", language=language, theme=theme)
    newest = api(page, "/imports?limit=1")["items"][0]["id"]
    faults: dict[str, list[str]] = {}
    for path in PAGES[1:]:
        page.goto(path.replace("…", newest))
        settle(page)
        faults[path] = violations(page, axe)
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_timeout(150)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        faults[path] += [f"{wide} px wider than a phone"] if wide > 0 else []
        page.set_viewport_size({"width": 1440, "height": 900})
    assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_the_log_in_page_too(sample: Server, open_page: OpenPage, axe: str, language: str, theme: str) -> None:
    page = open_page(sample, "/login", language=language, theme=theme, logged_in=False, width=390)
    settle(page)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def settle(page: Page) -> None:
    """Until the page's data are there: its heading stands and nothing is loading."""
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".ant-skeleton, [aria-busy=true]")).to_have_count(0)


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations)", RULES
    )
    return [f"{v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"][:3]]
