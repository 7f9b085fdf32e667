"""Past of the sample brand 示例品牌的过往: its library, what it sent before there was any restraint, and the one campaign that kept a control.

Set work: a few statements for all sends, whatever the number of people. Each part may be done again after a kill.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from siyu.campaigns import campaigns, plans
from siyu.campaigns import elsewhere as past_campaigns
from siyu.campaigns.campaigns import Written
from siyu.content import pieces, reviews
from siyu.content.kinds import Kind
from siyu.content.pieces import Author, Draft, Filter
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events.identifiers import identify
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of
from siyu.messaging import elsewhere
from siyu.messaging.elsewhere import PastSend
from siyu.segments.segments import Segment

CARRIERS = {"wecom": "wecom", "wechat_oa": "official_account", "sms": "sms", "email": "email"}
"""The carriers' names in the sample brand's files → the product here."""
KINDS: dict[str, Kind] = {"article": "article", "text": "text"}
FOLDERS = {"promotion": "促销", "value": "内容", "service": "服务"}
SHOP = "https://shop.chengshanli.example.com"
AUTHOR, APPROVER = Author("sample:author", "示例品牌"), Author("sample:approver", "示例品牌·主管")
BY = "sample"
TRIAL_REF, TRIAL_NAME, TRIAL_DAYS = "sample:trial", "会员日：直接给券，还是先讲茶", 14


@dataclass(frozen=True)
class Past:
    """`ids`: ref → number of the send. `trial` is the one that kept a control."""

    sends: tuple[PastSend, ...]
    trial: PastSend | None
    ids: dict[str, int]

    @property
    def trial_id(self) -> int | None:
        return self.ids[self.trial.ref] if self.trial else None


def load_library(tx: Connection, folder: Path, now: datetime) -> dict[str, int]:
    """Every content of the brand as an approved piece; returns content → piece. A piece that is there (by its label) stays."""
    rows = pq.read_table(folder / "contents.parquet").to_pylist()
    known = {label: one.id for one in pieces.listed(tx, Filter(), now, limit=500) for label in one.labels}
    for row in rows:
        if row["content_id"] in known:
            continue
        made = pieces.add(tx, _piece(row), AUTHOR, now)
        reviews.ask(tx, made.id, AUTHOR, now)
        reviews.decide(tx, made.id, made.version, "approve", APPROVER, now)
        known[row["content_id"]] = made.id
    return {row["content_id"]: known[row["content_id"]] for row in rows}


def _piece(row: dict[str, Any]) -> Draft:
    kind: Kind = KINDS.get(row["kind"], "link")
    text = row["text"].replace("{{name}}", "{称呼|你好}")
    body: dict[str, Any] = {"text": text, "subject": row["title"]}
    if kind == "article":
        told = "".join(f"<p>{part}。</p>" for part in text.rstrip("。").split("。"))
        body = {"title": row["title"], "desc": text[:60], "html": told, "author": "澄山里", "subject": row["title"], "text": text}
    elif kind == "link":
        body |= {"title": row["title"], "desc": row["category"] or "澄山里", "url": f"{SHOP}/{row['content_id']}"}
    labels = (row["content_id"], *([row["category"]] if row["category"] else []))
    return Draft(name=row["title"], kind=kind, purpose=row["purpose"], body=body, folder=FOLDERS[row["purpose"]], labels=labels, owner="示例品牌")


def load_consents(stores: Stores, tx: Connection, customers: pa.Table, namespace: str, now: datetime) -> int:
    """What people ticked when they signed up, with the page as its proof; done again it changes nothing."""
    keys = identify(stores.secrets, namespace, customers["customer_key"].cast(pa.string()).combine_chunks()).keys.to_pylist()
    owner = customers_of(tx, keys)
    agreed, at = customers["agreed"].to_pylist(), customers["registered_at"].to_pylist()
    said = [
        Statement(owner[key], purpose, "", "granted", when)
        for key, purposes, when in zip(keys, agreed, at, strict=True)
        if key in owner
        for purpose in purposes
    ]
    if not said or consent.of_customer(tx, said[0].customer_id):
        return 0
    return consent.record(stores, tx, said, Proof("import", "澄山里会员注册页", evidence="sign-up form, box ticked by the member", by=BY))


def plan_past(tx: Connection, folder: Path, piece_ids: dict[str, int], now: datetime) -> Past:
    """Write down the brand's past sends, without their people."""
    told = pq.read_table(folder / "events.parquet", columns=["name", "at", "properties"], filters=[("name", "=", "message_sent")])
    first = told.group_by("properties").aggregate([("at", "min")]).to_pylist()
    sends = [_past_send(json.loads(row["properties"]), row["at_min"], piece_ids) for row in first]
    titles = {row["content_id"]: row["title"] for row in pq.read_table(folder / "contents.parquet", columns=["content_id", "title"]).to_pylist()}
    named = {piece: titles[content] for content, piece in piece_ids.items()}
    sends = [PastSend(one.ref, named[one.content["a"][0]], one.purpose, one.carrier, one.at, one.content) for one in sends]
    trial = _trial(folder, piece_ids)
    every = (*sorted(sends, key=lambda one: one.ref), *([trial] if trial else []))
    ids = elsewhere.write_sends(tx, every, by=BY, now=now)
    for one in every:
        for piece_id, version in one.content.values():
            pieces.note_use(tx, piece_id, version, f"send:{ids[one.ref]}", one.name, one.at)
    return Past(tuple(every), trial, ids)


def _past_send(told: dict[str, Any], at: datetime, piece_ids: dict[str, int]) -> PastSend:
    return PastSend(f"sample:{told['broadcast']}", told["content"], told["purpose"], CARRIERS[told["carrier"]], at, {"a": (piece_ids[told["content"]], 1)})


def _trial(folder: Path, piece_ids: dict[str, int]) -> PastSend | None:
    rows = pq.read_table(folder / "trial.parquet", columns=["arm", "content_id", "sent_at"])
    if not rows.num_rows or not (arms := {row["arm"]: row["content_id"] for row in rows.to_pylist() if row["content_id"]}):
        return None
    control = pc.mean(pc.equal(rows["arm"], "control").cast(pa.int8())).as_py()
    content = {arm: (piece_ids[arms[arm]], 1) for arm in sorted(arms)}
    return PastSend(TRIAL_REF, TRIAL_NAME, "promotion", "wecom", pc.min(rows["sent_at"]).as_py(), content, control_rate=round(control, 2))


def pointing(events: pa.Table, past: Past) -> pa.Table:
    """Events whose properties name the send that they answer to; that something was sent is told by the send itself."""
    events = events.filter(pc.not_equal(events["name"], "message_sent"))
    encoded = events["properties"].combine_chunks().dictionary_encode()
    pointed = [_pointed(text, past.ids) for text in encoded.dictionary.to_pylist()]
    column = pa.array(pointed, pa.string()).take(encoded.indices)
    return events.set_column(events.schema.get_field_index("properties"), "properties", column)


def _pointed(text: str | None, ids: dict[str, int]) -> str | None:
    if not text or '"broadcast":' not in text:
        return text
    told = json.loads(text)
    return json.dumps({**told, "send": ids[f"sample:{told['broadcast']}"]}, ensure_ascii=False, separators=(",", ":"))


def trial_events(folder: Path, past: Past) -> pa.Table | None:
    """Who opened and clicked in the trial, in the form of the events file."""
    if past.trial_id is None:
        return None
    rows = pq.read_table(folder / "trial.parquet")
    parts = []
    for name, column in (("message_opened", "opened_at"), ("message_clicked", "clicked_at")):
        done = rows.filter(pc.is_valid(rows[column]))
        said = [f'{{"carrier":"wecom","purpose":"promotion","content":"{content}","send":{past.trial_id}}}' for content in done["content_id"].to_pylist()]
        ids = pc.binary_join_element_wise("trial", name, done["customer_key"], "-")
        parts.append(pa.table({"event_id": ids, "customer_key": done["customer_key"], "name": [name] * done.num_rows, "at": done[column], "properties": pa.array(said, pa.string())}))
    return pa.concat_tables(parts)


def load_people(stores: Stores, tx: Connection, folder: Path, past: Past, namespace: str, now: datetime) -> int:
    """Who was told by each send, and who was kept back by the trial. Returns messages."""
    told = pq.read_table(folder / "events.parquet", columns=["customer_key", "name", "at", "properties"], filters=[("name", "=", "message_sent")])
    encoded = told["properties"].combine_chunks().dictionary_encode()
    refs = pa.array([f"sample:{json.loads(text)['broadcast']}" for text in encoded.dictionary.to_pylist()]).take(encoded.indices)
    people = pa.table({"ref": refs, "customer_key": told["customer_key"], "variant": pa.array(["a"] * told.num_rows), "told": pa.array([True] * told.num_rows), "at": told["at"]})
    if past.trial is not None:
        rows = pq.read_table(folder / "trial.parquet")
        kept = pc.equal(rows["arm"], "control")
        drawn = {
            "ref": pa.array([TRIAL_REF] * rows.num_rows), "customer_key": rows["customer_key"], "variant": pc.if_else(kept, pa.scalar(None, pa.string()), rows["arm"]),
            "told": pc.invert(kept), "at": pc.coalesce(rows["sent_at"], pa.scalar(past.trial.at, rows["sent_at"].type)),
        }  # fmt: skip
        people = pa.concat_tables([people, pa.table(drawn)])
    keys = people["customer_key"].combine_chunks().dictionary_encode()
    identity = identify(stores.secrets, namespace, keys.dictionary.cast(pa.string())).keys
    owner = customers_of(tx, identity.to_pylist())
    customers = pa.array([owner.get(key) for key in identity.to_pylist()], pa.int64())
    table = pa.table(
        {
            "ref": people["ref"], "customer_id": customers.take(keys.indices), "identity_key": identity.take(keys.indices), "variant": people["variant"],
            "told": people["told"], "at_ms": pc.cast(people["at"].cast(pa.timestamp("ms", tz="UTC"), safe=False), pa.int64()),
        }
    )  # fmt: skip
    return elsewhere.write_people(tx, past.sends, past.ids, table.filter(pc.is_valid(table["customer_id"])), now=now, dedup_key="sample past")


def load_campaigns(stores: Stores, tx: Connection, past: Past, piece_ids: dict[str, int], segments: dict[str, Segment], now: datetime) -> None:
    """One campaign that is over, and two drafts with a time; those that are there stay."""
    known = {one.name for one in campaigns.listed(tx, limit=200)}
    if past.trial is not None and past.trial_id is not None and TRIAL_NAME not in known:
        trial, shares = past.trial, 1 / len(past.trial.content)
        variants = tuple(plans.Variant(name, piece, shares, version) for name, (piece, version) in trial.content.items())
        plan = plans.Plan(variants=variants, carriers=(trial.carrier,), control_rate=trial.control_rate, use_global_holdout=False, window_days=TRIAL_DAYS)
        written = Written(TRIAL_NAME, "上线 Siyu 之前做的一次对照试验", "promotion", 300, plan)
        ended = trial.at + timedelta(days=TRIAL_DAYS)
        past_campaigns.record_over(tx, stores.calendar, written, past.trial_id, started_at=trial.at, ended_at=ended, by=BY, now=now)
    today = stores.calendar.on(now)
    ahead: tuple[tuple[str, plans.Purpose, str, str, date, int], ...] = (
        ("白茶存放五问，发给近期买过的人", "value", "N109", "近 30 天下过单", today + timedelta(days=4), 200),
        ("会员日·茗茶 8 折", "promotion", "N003", "重要价值客户", today + timedelta(days=9), 500),
    )
    for name, purpose, content, segment, on, fen in ahead:
        if name in known or content not in piece_ids or segment not in segments:
            continue
        campaigns.create(tx, stores.calendar, _ahead(name, purpose, piece_ids[content], segments[segment].id, on, fen), by=BY, member_id=None, now=now)


def _ahead(name: str, purpose: plans.Purpose, piece: int, segment: int, on: date, fen: int) -> Written:
    waves = (plans.Wave(0.2, 24), plans.Wave(0.8))
    plan = plans.Plan(
        audience=plans.Audience((segment,)), variants=(plans.Variant("a", piece, 1.0),), carriers=("email",), starts=f"{on.isoformat()} 10:00", waves=waves, window_days=14
    )
    return Written(name, None, purpose, fen, plan)
