"""The weekly report: its numbers are those of the reports under it, its hundred yuan are a hundred, and it says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.foundation.errors import InvalidError
from siyu.measurement.weekly import Weekly, checked_week, compose, of_hundred, spans, week_name
from siyu.measurement.weekly_pdf import pdf
from siyu.measurement.weekly_words import BODY_MOST, message, sentence, title
from tests.makers.weekly import MONDAY, advice, row, sources, waste

TODAY = MONDAY + timedelta(days=7)
SPLIT = waste({
    1: ("抖音投流", {"paid_back": 2_000_00, "on_the_way": 1_000_00, "deal_hunter": 3_000_00, "never_added": 4_000_00}),
    2: ("门店活码", {"paid_back": 900_00, "zombie": 100_00}),
}, known=(2,))  # fmt: skip


def report(**more: object) -> Weekly:
    this = sources([row(1, "抖音投流", 1_000_00, 50, target_cac_fen=15_00), row(2, "门店活码", 100_00, 20), row(3, "电梯海报", 500_00, 0)], first_orders=9)
    before = sources([row(1, "抖音投流", 800_00, 50)])
    eight = sources([row(1, "抖音投流", 10_000_00, 500, roi=0.4, roi_low=0.3, roi_high=0.6)])
    given = {"this": this, "before": before, "eight": eight, "split": SPLIT, "advice": advice(2_000_00, 500_00), **more}
    return compose(MONDAY, TODAY, given["this"], given["before"], given["eight"], given["split"], given["advice"], currency="CNY")  # type: ignore[arg-type]


def test_it_says_the_numbers_of_the_reports_under_it() -> None:
    weekly = report()
    assert (weekly.this.spend_fen, weekly.before.spend_fen, weekly.spend_change_rate) == (1_600_00, 800_00, 1.0)
    assert weekly.this.first_orders == 9
    assert weekly.split_fen == 11_000_00 == sum(part.amount_fen for part in weekly.parts)
    assert {part.bucket: part.yuan for part in weekly.parts if part.yuan} == {"paid_back": 27, "on_the_way": 9, "deal_hunter": 27, "never_added": 36, "zombie": 1}
    assert weekly.known_anyway_fen == 1_000_00
    assert [one.name for one in weekly.sources] == ["抖音投流", "电梯海报", "门店活码"]
    assert weekly.sources[0].roi == 0.4, "of the eight weeks: what the week itself brings cannot be known yet"
    assert [(loss.bucket, loss.amount_fen, loss.rate) for loss in weekly.losses] == [("never_added", 4_000_00, 0.4), ("deal_hunter", 3_000_00, 0.3), ("zombie", 100_00, 0.1)]


def test_it_says_what_to_do_the_money_first() -> None:
    tasks = {task.kind: task for task in report().tasks}
    assert list(tasks) == ["never_added", "offer", "advice", "experiment", "nobody_came", "over_target"]
    assert tasks["never_added"].said.zh.startswith("抖音投流 每 100 元有 40 元")
    assert tasks["over_target"].said.en == "抖音投流: ¥20 for each person added, above its target of ¥15"
    assert tasks["nobody_came"].said.zh.startswith("电梯海报 花了 ¥500，一个人也没来")
    assert tasks["experiment"].page == "/experiments?source=1", "the other source was measured"


def test_a_taken_advice_and_a_quiet_week_ask_for_nothing() -> None:
    quiet = waste({2: ("门店活码", {"paid_back": 900_00, "on_the_way": 100_00})}, known=(2,))
    weekly = report(this=sources([row(2, "门店活码", 100_00, 20)]), split=quiet, advice=None)
    assert weekly.tasks == []
    assert report(this=sources([], added=7), split=quiet, advice=None).tasks[0].kind == "no_spend"


def test_a_week_is_monday_to_sunday() -> None:
    assert [week_name(on) for on in (date(2026, 11, 16), date(2027, 1, 3))] == ["2026-W47", "2026-W53"]
    assert checked_week(date(2026, 11, 23), None) == MONDAY
    assert checked_week(date(2026, 11, 22), None) == MONDAY - timedelta(days=7), "a week that still runs is not the last one"
    assert checked_week(date(2026, 11, 23), date(2026, 11, 19)) == MONDAY
    with pytest.raises(InvalidError):
        checked_week(date(2026, 11, 23), date(2026, 11, 24))
    week, before, eight = spans(MONDAY)
    assert (week[1] - week[0]).days == (before[1] - before[0]).days == 6
    assert (eight[1], (eight[1] - eight[0]).days + 1) == (week[1], 56)


@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=8))
@settings(max_examples=100)
def test_a_hundred_yuan_are_a_hundred(amounts: list[int]) -> None:
    yuan = of_hundred(amounts)
    assert sum(yuan) == (100 if sum(amounts) else 0)
    assert not sum(amounts) or all(abs(n * sum(amounts) - 100 * amount) < sum(amounts) for n, amount in zip(yuan, amounts, strict=True)), "never a whole yuan off"


def test_staff_read_the_week_in_one_message() -> None:
    weekly = report()
    said = message(weekly, "CNY")
    assert title(weekly) == "获客周报 11-16 至 11-22"
    assert said.splitlines()[0] == "花费 ¥1,600.00，新增 70 人，首单 9 人，每添加一人 ¥22.86"
    assert "每 100 元里：27 元赚回来了，9 元在路上，64 元没有回来" in said
    assert said.splitlines()[2].startswith("1. ")
    wordy = replace(weekly, tasks=[replace(task, said=replace(task.said, zh=task.said.zh * 9)) for task in weekly.tasks])
    assert len(message(wordy, "CNY")) <= BODY_MOST, "what WeCom takes"
    assert sentence(report(split=waste({})), "CNY").zh == "近八周没有花费记录"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_paper_is_small_and_carries_its_letters(language: str) -> None:
    made = pdf(report(), brand="山茶花 & <Co>", currency="CNY", language=language)
    assert made.startswith(b"%PDF-")
    assert len(made) < 1_000_000
    assert b"/FontFile2" in made, "the letters are inside: no reader has to have the font"
    assert made == pdf(report(), brand="山茶花 & <Co>", currency="CNY", language=language)
    assert pdf(report(split=waste({}), this=sources([]), advice=None), brand="空", currency="USD", language=language).startswith(b"%PDF-")
