"""The first look in the morning: the figures are the API's, and say what they mean."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.house import OpenPage, Server, api, figure


def shown(unit: str, value: float | None) -> str:
    """As the console writes it in Chinese."""
    if value is None:
        return "–"
    if unit == "rate":
        return re.sub(r"\.0%$", "%", f"{value:.1%}")
    plain = value / 100 if unit == "fen" else value
    text = f"{float(f'{plain / 1e4:.4g}'):.10g}万" if plain >= 10_000 else f"{plain:,.0f}"
    return f"¥{text}" if unit == "fen" else text


@pytest.mark.parametrize("grain", ["month", "week", "day"])
def test_every_card_shows_what_the_api_says(sample: Server, open_page: OpenPage, grain: str) -> None:
    page = open_page(sample, "/" if grain == "month" else f"/?grain={grain}")
    expect(page.locator(".figure").first).to_be_visible()
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    said = api(page, f"/measurement/overview?grain={grain}&as_of={yesterday}")
    metrics = {metric["key"]: metric for metric in api(page, "/measurement/metrics")["items"]}
    assert len(said["cards"]) == page.locator(".figure").count()
    for card in said["cards"]:
        metric = metrics[card["metric"]]
        if metric["unit"] == "fen" and 0 < abs(card["value"] or 0) < 10_000:
            continue  # below a hundred yuan the console keeps a decimal
        assert figure(page, metric["name"]["zh"]) == shown(metric["unit"], card["value"]), card["metric"]
    expect(page.locator(".page-head, header").get_by_text(said["previous"]["from_on"]).first).to_be_visible()


def test_a_figure_tells_its_definition_and_the_file_is_the_pages(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/", language="en")
    metric = next(m for m in api(page, "/measurement/metrics")["items"] if m["key"] == "repeat_rate")
    page.get_by_role("button", name=re.compile(metric["name"]["en"])).hover()
    expect(page.get_by_role("tooltip").get_by_text(metric["definition"]["en"])).to_be_visible()
    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile("^.*CSV")).click()
    head = got.value.path().read_text(encoding="utf-8-sig").splitlines()[0]
    assert head.startswith("From,Partial,")
