"""Cells 单元格: text, numbers and times out of columns as people write them; a cell that cannot be read is null and marked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints

_TIME = r"(?:[ T]+(?P<H>\d{1,2})[:时](?P<M>\d{1,2})(?:[:分](?P<S>\d{1,2}))?(?:[.,]\d+)?[分秒]?\s*(?P<P>[AaPp][Mm])?)?"
_ZONE = r"\s*(?P<Z>Z|[+-]\d{2}:?\d{2})?$"
_YEAR_FIRST = r"^(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?" + _TIME + _ZONE
_COMPACT = r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[ T]?(?P<H>\d{2}):?(?P<M>\d{2}):?(?P<S>\d{2})?)?(?P<P>[AP]M)?" + _ZONE
_MONTH_FIRST = r"^(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})" + _TIME + _ZONE
_DAY_FIRST = r"^(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})" + _TIME + _ZONE
_EXCEL_EPOCH_MS = -25569 * DAY_MS


class Parsed(NamedTuple):
    """Values (null where blank or bad) and which cells were bad (written, but not readable)."""

    values: pa.Array
    bad: pa.Array


def texts(column: pa.Array) -> pa.Array:
    """Trimmed text; blank becomes null; Excel's ="…" is taken off; 17850.0 is the number 17850 that a tool wrote as a float.

    A character U+0000, which PostgreSQL cannot hold, reads as U+FFFD: broken.
    """
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.equal(pc.floor(column), column), pc.cast(column, pa.int64(), safe=False).cast(pa.string()), column.cast(pa.string()))
    text = pc.utf8_trim_whitespace(pc.replace_substring(column.cast(pa.string()), "\0", "\ufffd"))
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r'^="(.*)"$', r"\1"))
    return pc.if_else(pc.equal(text, ""), None, text)


def codes(column: pa.Array) -> pa.Array:
    """Text of a number-like code (customer, order, SKU): `17850.0` reads as `17850`."""
    return pc.replace_substring_regex(texts(column), r"^(\d+)\.0+$", r"\1")


def unmasked(text: pa.Array) -> pa.Array:
    """Names as they are; masked ones (t**3, 张*) are null: two people may well share one."""
    return pc.if_else(pc.match_substring_regex(text, r"[*＊•]"), None, text)


def numbers(column: pa.Array) -> Parsed:
    """Decimal numbers as float64; thousands separators, ¥ and full-width digits are understood.

    A comma that separates no thousands (1,50) is not a number here: elsewhere it is a decimal sign, and to guess would
    be wrong by a hundred times.
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        values = column.cast(pa.float64())
        bad = pc.invert(pc.is_finite(pc.fill_null(values, 0)))
        return Parsed(pc.if_else(bad, None, values), bad)
    text = pc.utf8_normalize(texts(column), form="NFKC")
    text = pc.replace_substring_regex(text, r"^\((.*)\)$", r"-\1")
    text = pc.replace_substring_regex(text, r"^([+-]?)\s*(?:[¥$£€]|CNY|RMB)\s*([+-]?)|\s*(?:元|CNY|RMB)$", r"\1\2")
    fits = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+|\d{1,3}([, ]\d{3})+(\.\d*)?)([eE][+-]?\d{1,2})?$")
    values = pc.if_else(fits, pc.replace_substring_regex(text, "[, ]", ""), None).cast(pa.float64())
    return Parsed(values, pc.and_(pc.is_valid(text), pc.is_null(values)))


def times(column: pa.Array, zone: ZoneInfo, day_first: bool) -> Parsed:
    """Instants as epoch ms UTC. A wall-clock time is in `zone`; `day_first` settles 03/04/2026."""
    if pa.types.is_timestamp(column.type):
        return Parsed(_utc_ms(column, zone), pa.array(np.zeros(len(column), bool)))
    if pa.types.is_date(column.type):
        return Parsed(_utc_ms(column.cast(pa.timestamp("ms")), zone), pa.array(np.zeros(len(column), bool)))
    text = texts(column)
    values = _serials(text, zone)
    for pattern in (_YEAR_FIRST, _COMPACT, _DAY_FIRST if day_first else _MONTH_FIRST):
        values = pc.coalesce(values, _matched(text, pattern, zone))
    return Parsed(values, pc.and_(pc.is_valid(text), pc.is_null(values)))


def looks_day_first(columns: Iterable[pa.Array]) -> bool | None:
    """Whether 03/04/2026-like dates have the day first: True or False once a cell proves it, None when none does.

    Reads no further than the first column without such dates, or the first that proves it.
    """
    for column in columns:
        if not pa.types.is_string(column.type):
            return None
        parts = pc.extract_regex(texts(column), r"^(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.]\d{4}")
        first, second = (pc.max(pc.struct_field(parts, name).cast(pa.int32())).as_py() for name in ("a", "b"))
        if first is None:
            return None
        if first > 12 or second > 12:
            return bool(first > 12)
    return None


def _matched(text: pa.Array, pattern: str, zone: ZoneInfo) -> pa.Array:
    """Epoch ms of the cells that fit a pattern and name a real date and time; null for the others."""
    parts = pc.extract_regex(text, pattern)
    if parts.null_count == len(parts):
        return pa.nulls(len(text), pa.int64())
    year, month, day, hour, minute, second = (_part(parts, name) for name in "ymdHMS")
    half = pc.utf8_upper(pc.fill_null(pc.struct_field(parts, "P"), "")).to_numpy(zero_copy_only=False)
    hour = np.where(half == "PM", hour % 12 + 12, np.where(half == "AM", hour % 12, hour))
    days = _days(year, month, day)
    back_to_month = _days(year, month, np.ones_like(day))
    length = _days(year + (month == 12), month % 12 + 1, np.ones_like(day)) - back_to_month
    real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length) & (hour < 24) & (minute < 60) & (second < 60)
    real &= pc.is_valid(parts).to_numpy(zero_copy_only=False)
    wall = np.where(real, days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000, 0)
    local = _utc_ms(pa.array(wall, pa.int64()).cast(pa.timestamp("ms")), zone)
    offset = _offset_ms(pc.struct_field(parts, "Z"))
    instant = pc.if_else(pc.is_valid(offset), pc.subtract(pa.array(wall, pa.int64()), offset), local)
    return pc.if_else(pa.array(real), instant, None)


def _part(parts: pa.StructArray, name: str) -> Ints:
    text = pc.struct_field(parts, name)
    numbers = pc.if_else(pc.equal(text, ""), None, text).cast(pa.int64())
    return np.asarray(pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False), np.int64)


def _days(
    year: Ints,
    month: Ints,
    day: Ints,
) -> Ints:
    """Days since 1970-01-01 of a proleptic Gregorian date (years counted from March, so February ends them)."""
    year = year - (month <= 2)
    era = year // 400
    in_era = year - era * 400
    in_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days: Ints = era * 146097 + in_era * 365 + in_era // 4 - in_era // 100 + in_year - 719468
    return days


def _offset_ms(zone: pa.Array) -> pa.Array:
    parts = pc.extract_regex(pc.replace_substring(zone, "Z", "+00:00"), r"^(?P<s>[+-])(?P<h>\d{2}):?(?P<m>\d{2})$")
    minutes = pc.add(pc.multiply(pc.struct_field(parts, "h").cast(pa.int64()), 60), pc.struct_field(parts, "m").cast(pa.int64()))
    return pc.multiply(pc.if_else(pc.equal(pc.struct_field(parts, "s"), "-"), pc.negate(minutes), minutes), 60_000)


def _serials(text: pa.Array, zone: ZoneInfo) -> pa.Array:
    """Excel's day numbers (wall clock) and epoch seconds or milliseconds (UTC)."""
    fits = pc.match_substring_regex(text, r"^\d{5}(\.\d+)?$|^\d{10}$|^\d{13}$")
    number = pc.if_else(fits, text, None).cast(pa.float64())
    wall = pc.add(pc.round(pc.multiply(number, DAY_MS)), float(_EXCEL_EPOCH_MS))
    excel = _utc_ms(pc.if_else(pc.less(number, 100_000), wall, None).cast(pa.int64()).cast(pa.timestamp("ms")), zone)
    epoch = pc.if_else(pc.greater(number, 100_000), pc.if_else(pc.greater(number, 1e12), number, pc.multiply(number, 1000)), None)
    return pc.coalesce(excel, epoch.cast(pa.int64()))


def _utc_ms(wall: pa.Array, zone: ZoneInfo) -> pa.Array:
    """Epoch ms of wall-clock times; one that occurs twice is its first, one that never occurs the first after the gap."""
    if wall.type.tz is None:
        wall = pc.assume_timezone(wall.cast(pa.timestamp("ms"), safe=False), zone.key, ambiguous="earliest", nonexistent="latest")
    return wall.cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64())
