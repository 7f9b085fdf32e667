"""Fields 比对字段: kinds of what is known of a person, and how two values of a kind are compared.

The choices are general ones (how people mistype, move and shorten), the same for every list; how much a level weighs is
learnt from the list itself (`foundation.linkage`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from siyu.foundation.linkage import Comparison, Level
from siyu.foundation.text import Text

Kind = Literal["name", "given", "surname", "phone", "email", "birthday", "address", "place", "number", "id"]
LEVELS = {
    "equal": Text("相同", "equal"),
    "one_off": Text("差一个字", "one character apart"),
    "two_off": Text("差两个字", "two characters apart"),
    "ends": Text("开头和末尾相同", "beginning and end are equal"),
    "user": Text("@ 前相同", "equal before the @"),
    "swapped": Text("互换了位置", "swapped"),
    "parts": Text("三段中两段相同", "two of three parts are equal"),
    "close": Text("很像", "much alike"),
    "like": Text("有些像", "somewhat alike"),
    "differ": Text("不同", "different"),
    "nothing": Text("无法比较", "nothing to compare"),
}


@dataclass(frozen=True)
class Field:
    """A column of a list of people and what kind of thing it holds."""

    column: str
    kind: Kind


@dataclass(frozen=True)
class Plan:
    """How a list is compared; see `foundation.linkage.link`."""

    clean: Mapping[str, str]
    comparisons: tuple[Comparison, ...]
    rules: tuple[tuple[str, ...], ...]


ALONE = ("phone", "email", "id")
"""Equal in one of these, two records are compared; of the others it takes two."""
IN_PAIRS = ("name", "given", "surname", "phone_ends", "birthday", "address", "place")
FEW_VALUES = 0.002
"""A place that has fewer different values than this share of the records (a province) narrows down nothing but a name."""
_HAN = "[\\x{4e00}-\\x{9fff}]"


def plan(fields: Sequence[Field], variety: Mapping[str, float]) -> Plan:
    """Clean, compare and block these fields. `variety`: column → different values as a share of the records; those of one value say nothing."""
    used = [field for field in fields if variety.get(field.column, 0) > 0]
    clean: dict[str, str] = {}
    comparisons, alone, paired, weak = [], [], [], []
    names = [field.column for field in used if field.kind in ("given", "surname")]
    for field in used:
        column = field.column
        clean |= _CLEAN[field.kind](column)
        comparisons.append(_compare(field, next((name for name in names if name != column), None)))
        if field.kind in ALONE:
            alone.append((column,))
        if field.kind == "phone":
            paired.append(f"{column}_ends")
        elif field.kind == "place" and variety[column] < FEW_VALUES:
            weak.append(column)
        elif field.kind in IN_PAIRS:
            paired.append(column)
    whole = [field.column for field in used if field.kind in ("name", "surname")]
    rules = [*alone, *combinations(paired, 2), *((name, place) for name in whole for place in weak)]
    return Plan(clean, tuple(comparisons), tuple(rules))


def _compare(field: Field, other_name: str | None) -> Comparison:
    column = field.column
    left, right = f"{column}_l", f"{column}_r"
    equal = Level("equal", f"{left} = {right}", 0.8)
    one = Level("one_off", f"damerau_levenshtein({left}, {right}) <= 1", 0.08)
    differ = Level("differ", "ELSE", 0.05)
    match field.kind:
        case "phone":
            ends = Level("ends", f"{column}_ends_l = {column}_ends_r", 0.03)
            return Comparison(f"{column}_ends", (equal, one, ends, differ), by_frequency=True, equal=column, also=(column,))
        case "email":
            user = Level("user", f"length(split_part({left}, '@', 1)) >= 5 AND split_part({left}, '@', 1) = split_part({right}, '@', 1)", 0.04)
            return Comparison(column, (equal, user, one, differ), by_frequency=True)
        case "birthday":
            parts = " OR ".join(f"substr({left}, {a}, {n}) || substr({left}, {b}, 2) = substr({right}, {a}, {n}) || substr({right}, {b}, 2)" for a, n, b in ((1, 4, 5), (1, 4, 7), (5, 2, 7)))
            swapped = Level("swapped", f"{left} = substr({right}, 1, 4) || substr({right}, 7, 2) || substr({right}, 5, 2)", 0.01)
            return Comparison(column, (equal, one, swapped, Level("parts", parts, 0.03), differ), by_frequency=True)
        case "name":
            close = Level("close", f"jaro_winkler_similarity({left}, {right}) >= 0.88", 0.03)
            return Comparison(column, (equal, Level("one_off", f"length({left}) > 2 AND length({right}) > 2 AND {one.condition}", 0.05), close, differ), by_frequency=True)
        case "given" | "surname":
            close = Level("close", f"jaro_winkler_similarity({left}, {right}) >= 0.9 OR {one.condition}", 0.08)
            like = Level("like", f"jaro_winkler_similarity({left}, {right}) >= 0.75", 0.03)
            if not other_name:
                return Comparison(column, (equal, close, like, differ), by_frequency=True)
            swapped = Level("swapped", f"{left} = {other_name}_r OR {right} = {other_name}_l", 0.03)
            return Comparison(column, (equal, swapped, close, like, differ), by_frequency=True, also=(other_name,))
        case "address":
            near = Level("two_off", f"damerau_levenshtein({left}, {right}) <= 2", 0.1)
            like = Level("like", f"damerau_levenshtein({left}, {right}) <= 0.4 * greatest(length({left}), length({right}))", 0.05)
            return Comparison(column, (equal, near, like, differ), by_frequency=True)
        case "id":
            return Comparison(column, (equal, one, Level("two_off", f"damerau_levenshtein({left}, {right}) <= 2", 0.03), differ), by_frequency=True)
        case _:
            return Comparison(column, (equal, Level("one_off", f"length({left}) > 2 AND {one.condition}", 0.06), differ), by_frequency=True)


def _name(column: str) -> dict[str, str]:
    bare = f"regexp_replace(regexp_replace({column}, '(先生|女士|小姐|老师)$', ''), '[\\s·•.,_-]+', CASE WHEN regexp_matches({column}, '{_HAN}') THEN '' ELSE ' ' END, 'g')"
    return {column: f"CASE WHEN length({bare}) > 1 AND NOT contains({column}, '*') THEN {bare} END"}


def _phone(column: str) -> dict[str, str]:
    """The whole number where it is written whole, and its first three and last four digits, which a masked one shows, too."""
    digits = f"regexp_replace(regexp_replace({column}, '[\\s().-]', '', 'g'), '^(?:\\+|00)?86(1\\d{{10}})$', '\\1')"
    shown = f"regexp_matches({digits}, '^\\+?\\d{{3}}[\\d*]+\\d{{4}}$')"
    return {
        column: f"CASE WHEN regexp_matches({digits}, '^\\+?\\d{{7,15}}$') THEN {digits} END",
        f"{column}_ends": f"CASE WHEN {shown} THEN left({digits}, 3) || right({digits}, 4) END",
    }


def _birthday(column: str) -> dict[str, str]:
    digits = f"regexp_replace(left({column}, 10), '\\D', '', 'g')"
    return {column: f"CASE WHEN length({digits}) = 8 THEN {digits} END"}


def _words(column: str) -> dict[str, str]:
    bare = f"trim(regexp_replace({column}, '[\\s,.·#()-]+', CASE WHEN regexp_matches({column}, '{_HAN}') THEN '' ELSE ' ' END, 'g'))"
    return {column: f"nullif({bare}, '')"}


def _email(column: str) -> dict[str, str]:
    return {column: f"CASE WHEN contains({column}, '@') AND NOT contains({column}, '*') THEN {column} END"}


def _plain(column: str) -> dict[str, str]:
    return {column: column}


_CLEAN = {
    "name": _name, "given": _words, "surname": _words, "phone": _phone, "email": _email, "birthday": _birthday,
    "address": _words, "place": _words, "number": _plain, "id": _plain,
}  # fmt: skip
