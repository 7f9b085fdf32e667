"""Identifiers 标识: how a person is named in events: a namespace and a normalised value, known by a keyed blind index.

Namespaces, strongest first: member 会员号 · unionid · account:<source> 店铺账号 · external_userid:<corp> · openid:<app> ·
phone 手机号 · email 邮箱 · anonymous 匿名设备. The index is keyed with the installation's secret, so a copy of the log does
not reveal who is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.foundation.secrets import Secrets

SIGHTING = ["identity_key", "anchor_key", "namespace", "value", "seen_ms"]
RANKS = ("member", "unionid", "account", "external_userid", "openid", "phone", "email", "anonymous")


def rank(namespace: str) -> int:
    """Strength of a namespace, 0 the strongest; a vendor's or shop's own name follows the colon."""
    kind = namespace.split(":")[0]
    return RANKS.index(kind) if kind in RANKS else len(RANKS)


@dataclass(frozen=True)
class Identified:
    """One identifier column: its key for each row (0 where there is none) and its normalised values."""

    namespace: str
    keys: pa.Array
    values: pa.Array


def identify(secrets: Secrets, namespace: str, raw: pa.Array) -> Identified:
    """Normalise a column of identifiers and key it. Equal values are keyed once, however many rows carry them."""
    encoded = normalise(namespace, raw).dictionary_encode()
    keys = pa.array(secrets.index(encoded.dictionary.to_pylist(), f"identifier {namespace}"), pa.int64())
    return Identified(namespace, pc.fill_null(keys.take(encoded.indices), 0), encoded.dictionary_decode())


def normalise(namespace: str, raw: pa.Array) -> pa.Array:
    """The form in which two writings of one identifier are equal; what cannot be one (a masked phone, say) becomes null."""
    text = pc.utf8_trim_whitespace(raw.cast(pa.string()))
    if namespace in ("phone", "email"):
        text = pc.utf8_normalize(text, form="NFKC")
    if namespace == "phone":
        digits = pc.replace_substring_regex(text, r"[\s().-]", "")
        digits = pc.replace_substring_regex(digits, r"^(?:\+|00)?86(1\d{10})$", r"\1")
        return pc.if_else(pc.match_substring_regex(digits, r"^\+?\d{7,15}$"), digits, None)
    if namespace == "email":
        lower = pc.utf8_lower(text)
        return pc.if_else(pc.match_substring_regex(lower, r"^[^@\s*]+@[^@\s*]+\.[^@\s*]+$"), lower, None)
    return pc.if_else(pc.equal(text, ""), None, text)


def anchor(columns: Sequence[Identified]) -> pa.Array:
    """For each row the key of its strongest identifier; 0 where it has none. `columns` come strongest first."""
    keys = columns[0].keys
    for column in columns[1:]:
        keys = pc.if_else(pc.equal(keys, 0), column.keys, keys)
    return keys


def sighting(column: Identified, anchors: pa.Array, seen_ms: pa.Array) -> pa.Table:
    """The distinct identifiers of some rows, each beside its anchor: identity_key, anchor_key, namespace, value, seen_ms."""
    space = pa.array([column.namespace] * len(column.keys), pa.string())
    rows = pa.table([column.keys, anchors, space, column.values, seen_ms], SIGHTING)
    return distinct_sightings(rows.filter(pc.and_(pc.not_equal(rows["identity_key"], 0), pc.is_valid(rows["seen_ms"]))))


def distinct_sightings(rows: pa.Table) -> pa.Table:
    """One row for each (identifier, anchor), with the time it was first seen."""
    grouped = rows.group_by(SIGHTING[:3]).aggregate([("value", "min"), ("seen_ms", "min")])
    return grouped.rename_columns(SIGHTING).sort_by([("anchor_key", "ascending"), ("identity_key", "ascending")])


def people_seen(secrets: Secrets, sightings: pa.Table) -> pa.Table:
    """Sightings as rows of the event `people_seen`: their values encrypted."""
    values, spaces = sightings["value"].to_pylist(), sightings["namespace"].to_pylist()
    sealed: list[bytes | None] = [None] * len(values)
    for space in set(spaces):
        rows = [row for row, name in enumerate(spaces) if name == space]
        for row, blob in zip(rows, secrets.seal([values[row] for row in rows], f"identifier {space}"), strict=True):
            sealed[row] = blob
    columns = {name: sightings[name] for name in ("identity_key", "namespace", "anchor_key", "seen_ms")}
    return PEOPLE_SEEN.table({**columns, "value_sealed": pa.array(sealed, pa.binary())})


def mask(namespace: str, value: str | None) -> str:
    """`138****5678`, `l***@example.com`, `ab***yz`: enough to recognise, too little to use."""
    if not value:
        return "***"
    if namespace == "phone":
        return f"{value[:3]}****{value[-4:]}" if len(value) >= 9 else "****"
    if namespace == "email":
        name, _, host = value.partition("@")
        return f"{name[:1]}***@{host}"
    return f"{value[:2]}***{value[-2:]}" if len(value) > 5 else f"{value[:1]}***"
