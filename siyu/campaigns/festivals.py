"""Festivals 节日与购物节: the Chinese festivals and shopping days of a span, 2020 to 2035.

Days of the lunar calendar are a table after GB/T 33661-2017, as the Purple Mountain Observatory publishes it; a test computes each
of them anew from the moon and the sun. Qingming is the day on which the sun reaches 15° of longitude, in Beijing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from siyu.foundation.text import Text

Kind = Literal["festival", "shopping"]
FIRST_YEAR, LAST_YEAR = 2020, 2035


@dataclass(frozen=True)
class Festival:
    on: date
    key: str
    name: Text
    kind: Kind


NAMES: dict[str, tuple[Text, Kind]] = {
    "spring": (Text("春节", "Spring Festival"), "festival"),
    "lantern": (Text("元宵", "Lantern Festival"), "festival"),
    "qingming": (Text("清明", "Qingming"), "festival"),
    "dragon_boat": (Text("端午", "Dragon Boat Festival"), "festival"),
    "qixi": (Text("七夕", "Qixi"), "festival"),
    "mid_autumn": (Text("中秋", "Mid-Autumn Festival"), "festival"),
    "new_year": (Text("元旦", "New Year"), "festival"),
    "valentine": (Text("情人节", "Valentine's Day"), "festival"),
    "labour": (Text("劳动节", "Labour Day"), "festival"),
    "day_520": (Text("520 表白日", "520"), "festival"),
    "children": (Text("儿童节", "Children's Day"), "festival"),
    "mother": (Text("母亲节", "Mother's Day"), "festival"),
    "father": (Text("父亲节", "Father's Day"), "festival"),
    "teachers": (Text("教师节", "Teachers' Day"), "festival"),
    "national": (Text("国庆", "National Day"), "festival"),
    "christmas": (Text("圣诞节", "Christmas"), "festival"),
    "new_year_goods": (Text("年货节", "New Year goods festival"), "shopping"),
    "goddess": (Text("女神节", "Goddess Day (8 March)"), "shopping"),
    "mid_year": (Text("618", "618"), "shopping"),
    "double_11": (Text("双11", "Double 11"), "shopping"),
    "double_12": (Text("双12", "Double 12"), "shopping"),
}
_FIXED = {
    "new_year": (1, 1), "valentine": (2, 14), "goddess": (3, 8), "labour": (5, 1), "day_520": (5, 20), "children": (6, 1), "mid_year": (6, 18),
    "teachers": (9, 10), "national": (10, 1), "double_11": (11, 11), "double_12": (12, 12), "christmas": (12, 25),
}  # fmt: skip
_MOVING = ("spring", "qingming", "dragon_boat", "qixi", "mid_autumn")
_TABLE = """
2020 0125 0404 0625 0825 1001
2021 0212 0404 0614 0814 0921
2022 0201 0405 0603 0804 0910
2023 0122 0405 0622 0822 0929
2024 0210 0404 0610 0810 0917
2025 0129 0404 0531 0829 1006
2026 0217 0405 0619 0819 0925
2027 0206 0405 0609 0808 0915
2028 0126 0404 0528 0826 1003
2029 0213 0404 0616 0816 0922
2030 0203 0405 0605 0805 0912
2031 0123 0405 0624 0824 1001
2032 0211 0404 0612 0812 0919
2033 0131 0404 0601 0801 0908
2034 0219 0405 0620 0820 0927
2035 0208 0405 0610 0810 0916
"""
"""By year: Spring Festival, Qingming, Dragon Boat, Qixi, Mid-Autumn; month and day."""
_GOODS_BEFORE = timedelta(days=21)
"""The sale of New Year goods begins about three weeks before the Spring Festival."""


def festivals_between(from_on: date, to_on: date) -> list[Festival]:
    """Festivals and shopping days of local days, both included, in order; none outside of 2020 to 2035."""
    found = [each for year in range(from_on.year, to_on.year + 1) for each in _of_year(year)]
    return sorted((each for each in found if from_on <= each.on <= to_on), key=lambda each: (each.on, each.key))


def _of_year(year: int) -> list[Festival]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return []
    days = {key: date(year, *day) for key, day in _FIXED.items()} | _LUNAR[year]
    days["lantern"] = days["spring"] + timedelta(days=14)
    days["new_year_goods"] = days["spring"] - _GOODS_BEFORE
    # The second Sunday of May, the third of June.
    days["mother"], days["father"] = _sunday(date(year, 5, 8)), _sunday(date(year, 6, 15))
    return [Festival(on, key, *NAMES[key]) for key, on in days.items()]


def _sunday(first: date) -> date:
    """The first Sunday from a day on."""
    return first + timedelta(days=6 - first.weekday())


def _read(table: str) -> dict[int, dict[str, date]]:
    rows = (line.split() for line in table.split("\n") if line)
    return {int(year): {key: date(int(year), int(day[:2]), int(day[2:])) for key, day in zip(_MOVING, days, strict=True)} for year, *days in rows}


_LUNAR = _read(_TABLE)
