"""Carry out 执行: what is done about a verified request."""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import Connection

from siyu.events import log
from siyu.events.catalogue.customers import PROFILE_RECORDED
from siyu.events.catalogue.identity import IDENTIFIERS_CUT, PEOPLE_SEEN
from siyu.events.identifiers import identify, rank
from siyu.events.properties import flatten, normalise_path
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError, Fault, InvalidError
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.rights import erase, export, receipt, requests
from siyu.rights.people import family
from siyu.rights.requests import STATES, Request
from siyu.team.audit import Actor

IDENTIFIERS = ("phone", "email", "member")
"""Identifiers that a person may have corrected; those that carriers give are the carriers' to correct."""


def carry_out(stores: Stores, tx: Connection, id: str, actor: Actor) -> Request:
    """A copy and an erasure become jobs; a correction is done at once.

    Raises
    ------
    ConflictError
        When its person was not verified yet, or it is done already.
    InvalidError
        When the values of a correction are not valid.
    """
    found = requests.find_request(stores, tx, id)
    if found.state != "verified":
        state = STATES[found.state]
        raise ConflictError(
            Text(f"请求是「{state.zh}」，不能执行", f"the request is “{state.en}” and cannot be carried out"),
            way_out=Text("先核实身份", "check the person's identity first") if found.state == "received" else None,
        )
    if found.kind == "correct":
        counts = correct(stores, tx, found)
        content = {"number": found.receipt_number, "request": id, "kind": found.kind, "made_at": stores.now().isoformat(), "corrected": counts}
        return requests.finish(stores, tx, id, actor, receipt.signed(stores.secrets, content))
    requests.approve(stores, tx, id, actor)
    if found.kind == "access":
        export.ask(stores, tx, found, actor.name)
    else:
        erase.ask(stores, tx, actor.name)
    return requests.find_request(stores, tx, id)


def correct(stores: Stores, tx: Connection, request: Request) -> dict[str, int]:
    """Set attributes anew, and put identifiers in the place of wrong ones: the wrong one belongs to the person no longer.

    Returns how many attributes and identifiers were set.
    """
    if not request.wanted:
        raise InvalidError(
            Text("请求里没有写明要改成什么", "the request does not say what is to be set"),
            way_out=Text("按本人写的内容重新登记一个更正请求，填写要更正的项和正确的值", "take a new request for the correction, with the fields and their right values"),
        )
    spaces = {space: value for space, value in request.wanted.items() if space in IDENTIFIERS}
    columns = {space: identify(stores.secrets, space, pa.array([value], pa.string())) for space, value in spaces.items()}
    faults = [Fault(f"wanted.{space}", Text("不是有效的值", "is not a valid value")) for space, column in columns.items() if column.keys[0].as_py() == 0]
    faults += [Fault(f"wanted.{path}", Text("属性名写错了", "the name is malformed")) for path in request.wanted.keys() - spaces.keys() if normalise_path(path) is None]
    if faults:
        raise InvalidError(Text("要更正的值有误", "the values are not valid"), faults=faults)
    anchor = _anchor(tx, request.customer_id, list(spaces))
    now_ms = to_ms(stores.now())
    for space, column in columns.items():
        key, value = column.keys[0].as_py(), column.values[0].as_py()
        sealed = stores.secrets.seal([value], f"identifier {space}")[0]
        log.append(tx, PEOPLE_SEEN, PEOPLE_SEEN.table({"identity_key": [key], "namespace": [space], "value_sealed": [sealed], "anchor_key": [anchor], "seen_ms": [now_ms]}), now=stores.now())
        wrong = [old for old in _keys(tx, request.customer_id, space) if old != key]
        if wrong:
            log.append(tx, IDENTIFIERS_CUT, IDENTIFIERS_CUT.table({"identity_key": wrong, "anchor_key": [anchor] * len(wrong), "cut_ms": [now_ms] * len(wrong)}), now=stores.now())
    values = flatten({path: value for path, value in request.wanted.items() if path not in spaces})
    if values:
        count = len(values)
        rows = {
            "event_key": [key64("correction", request.id)] * count, "identity_key": [anchor] * count, "path": [one.path for one in values], "text": [one.text for one in values],
            "number": [one.number for one in values], "time_ms": [one.time_ms for one in values], "set_ms": [now_ms] * count, "op": ["set"] * count,
        }  # fmt: skip
        log.append(tx, PROFILE_RECORDED, PROFILE_RECORDED.table(rows), now=stores.now(), dedup_key=f"correction {request.id}")
    return {"attributes": len(values), "identifiers": len(spaces)}


def _anchor(tx: Connection, customer_id: int, changing: list[str]) -> int:
    """The strongest identifier of the person that is not itself corrected."""
    table = metadata.tables["identity_identifier"]
    rows = tx.execute(table.select().where(table.c.customer_id.in_(family(tx, [customer_id])))).all()
    staying = [row for row in rows if row.namespace not in changing] or rows
    if not staying:
        raise ConflictError(Text("这个人没有任何标识，无法更正", "the person has no identifier and cannot be corrected"))
    return int(min(staying, key=lambda row: (rank(row.namespace), row.namespace, row.first_seen_at)).identity_key)


def _keys(tx: Connection, customer_id: int, space: str) -> list[int]:
    table = metadata.tables["identity_identifier"]
    rows = tx.execute(table.select().where(table.c.customer_id.in_(family(tx, [customer_id])), table.c.namespace == space))
    return sorted(int(row.identity_key) for row in rows)
