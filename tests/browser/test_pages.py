"""Every page in one of both languages and themes, and in both with ALL_CASES=1: no fault that axe knows, nothing wider than a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from siyu.web.build import CONSOLE
from tests.browser.conftest import PATIENCE_MS
from tests.browser.house import OpenPage, Server, api
from tests.makers.cases import cases

PAGES = (
    "/login", "/", "/customers", "/customers/1", "/segments", "/segments/new", "/segments/2", "/rfm", "/lifecycle", "/cohorts",
    "/value", "/concentration", "/accounts", "/accounts/new", "/relations", "/staff", "/tags",
    "/imports", "/imports/…", "/jobs", "/team", "/audit", "/feeds", "/events", "/events?tab=seen", "/events?tab=plan", "/events?tab=quarantine", "/system", "/nowhere",
    "/identity", "/traits", "/rights", "/imports/shops", "/imports/places",
    "/content", "/content?as=table", "/content/1", "/content/1?tab=versions", "/content/new?kind=article", "/content/radar",
    "/sources", "/spend", "/budgets", "/codes", "/landing", "/landing/1", "/offers", "/offers/1", "/offers/1?tab=refusals", "/referral", "/referral?tab=queue", "/referral?tab=bringers", "/referral/1", "/referral/1?tab=friends",
    "/referral/1?tab=tree", "/quality", "/waste", "/source-returns", "/advice", "/attribution", "/experiments", "/cohort-value", "/weekly",
    "/restraint", "/restraint?tab=holdout", "/restraint?tab=versions", "/sends", "/sends?tab=unknown", "/sends?tab=suppressed", "/sends/201", "/calendar", "/calendar?view=week",
    "/campaigns", "/campaigns/1", "/campaigns/1?tab=progress", "/campaigns/1?tab=people", "/campaigns/1?tab=log",
    "/campaigns/2/edit", *(f"/campaigns/2/edit?step={step}" for step in ("who", "restraint", "how", "when", "proof", "review")),
)  # fmt: skip
LOOKS = (("zh-CN", "light"), ("en", "dark"))
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
COUNTING = """(() => {
    let asked = 0, quiet = 0;
    const fetched = window.fetch;
    window.fetch = (...all) => { asked += 1; return fetched(...all).finally(() => { asked -= 1; }); };
    window.visit = path => {
        // A page of another address brings a heading of its own; one with another query keeps it.
        if (path.split("?")[0] !== location.pathname) document.querySelector("h1").dataset.left = "";
        history.pushState(null, "", path);
        dispatchEvent(new PopStateEvent("popstate"));
    };
    const loading = () => !document.querySelector("h1:not([data-left])") || asked || document.querySelector(".ant-skeleton, [aria-busy=true]");
    window.settled = patience => new Promise((done, failed) => {
        const until = performance.now() + patience;
        const look = () => {
            quiet = loading() ? 0 : quiet + 1;
            if (quiet > 4) done();
            else if (performance.now() > until) failed(new Error(`${location.pathname} does not come to rest: ${asked} requests under way`));
            else requestAnimationFrame(look);
        };
        quiet = 0;
        requestAnimationFrame(look);
    });
})()"""
"""Requests under way are counted, and a page is ready when it has stood still for some frames."""
WIDER = """() => new Promise(done => {
    const wide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    let frames = 0;
    // What follows the width of the window by script has some frames to do so.
    const look = () => { frames += 1; (frames > 3 && wide() <= 0) || frames > 30 ? done(wide()) : requestAnimationFrame(look); };
    requestAnimationFrame(look);
})"""
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
    page.add_init_script(COUNTING)
    page.reload()
    page.evaluate("patience => window.settled(patience)", PATIENCE_MS)
    page.evaluate(axe)
    faults: dict[str, list[str]] = {}
    first, step = cases(LOOKS.index((language, theme)), 0), cases(len(LOOKS), 1)
    for path in PAGES[1:][first::step]:
        go(page, path.replace("…", newest))
        faults[path] = violations(page)
        page.set_viewport_size(PHONE)
        wide = page.evaluate(WIDER)
        faults[path] += [f"{wide} px wider than a phone"] if wide > 0 else []
        page.set_viewport_size(DESK)
    assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_the_log_in_page_too(sample: Server, open_page: OpenPage, axe: str, language: str, theme: str) -> None:
    page = open_page(sample, "/login", language=language, theme=theme, logged_in=False, width=390)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.evaluate(axe)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def go(page: Page, path: str) -> None:
    """To another page as a link of the console leads there, until its data are there: its heading stands, nothing is asked for, nothing is loading."""
    page.evaluate("([path, patience]) => { window.visit(path); return window.settled(patience); }", [path, PATIENCE_MS])


def violations(page: Page) -> list[str]:
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations)", RULES
    )
    return [f"{v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"][:3]]
