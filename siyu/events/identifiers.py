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
    if namespace == "phone":
        digits = pc.replace_substring_regex(text, r"^(\+|00)?86[\s-]?(1\d{10})$|[\s()-]", r"\2")
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


def people_seen(secrets: Secrets, columns: Sequence[Identified], anchors: pa.Array, seen_ms: pa.Array) -> pa.Table:
    """The distinct identifiers of some rows, each with the anchor it was seen beside: rows of `people_seen`."""
    parts = []
    for column in columns:
        rows = pa.table({"identity_key": column.keys, "anchor_key": anchors, "value": column.values, "seen_ms": seen_ms})
        rows = rows.filter(pc.not_equal(rows["identity_key"], 0))
        first = rows.group_by(["identity_key", "anchor_key"]).aggregate([("value", "min"), ("seen_ms", "min")])
        sealed = secrets.seal(first["value_min"].to_pylist(), f"identifier {column.namespace}")
        parts.append(
            PEOPLE_SEEN.table(
                {
                    "identity_key": first["identity_key"],
                    "namespace": pa.array([column.namespace] * first.num_rows, pa.string()),
                    "value_sealed": pa.array(sealed, pa.binary()),
                    "anchor_key": first["anchor_key"],
                    "seen_ms": first["seen_ms_min"],
                }
            )
        )
    return pa.concat_tables(parts)
