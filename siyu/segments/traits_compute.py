"""Computing traits 特征计算: the values of all customers, or of traits that were just defined, put in the place of the last ones.

Everything is read and written in one transaction of the warehouse: nobody sees half of it, and a round over touched people
comes before it or after it, never between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa
from sqlalchemy import update

from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import WriteSession
from siyu.foundation.warehouse.facts import Tables
from siyu.segments._trait_tables import trait as table
from siyu.segments.facts import SEGMENTS_TRAIT_DEFAULT, SEGMENTS_TRAIT_VALUE
from siyu.segments.recompute import in_layers, moment_of
from siyu.segments.traits import Trait, uses
from siyu.segments.traits_distribution import Distribution, distributions
from siyu.segments.traits_store import Definition, list_traits
from siyu.segments.traits_values import measured
from siyu.segments.windows import Moment, instant_ms


def compute_traits(stores: Stores, *, only: set[int] | None = None) -> list[int]:
    """Compute every trait, or some with those that depend on them, for this instant; returns which."""
    now = stores.now()
    with stores.ledger.read() as tx:
        known = {each.id: each for each in list_traits(tx) if not each.problem}
    chosen = {key: known[key].trait for key in (known if only is None else with_dependents(known, only))}
    if not chosen:
        return []
    moment = moment_of(stores, now)
    with stores.warehouse.engine.write() as session:
        if only is None:
            session.clear(SEGMENTS_TRAIT_VALUE)
        replace_values(session, chosen, stores.warehouse.tables, moment, emptied=only is None)
        _replace_defaults(session, chosen, moment)
        found = distributions(session, SEGMENTS_TRAIT_VALUE.table, {key: trait.type for key, trait in chosen.items()}, moment)
    _store(stores, [known[key] for key in chosen], found, now)
    return list(chosen)


def with_dependents(known: Mapping[int, Definition], only: set[int]) -> list[int]:
    """These traits and all whose rows they decide, in the order of `known`."""
    found = only & known.keys()
    while more := {key for key, each in known.items() if key not in found and uses(each.trait) & found}:
        found |= more
    return [key for key in known if key in found]


def replace_values(session: WriteSession, chosen: Mapping[int, Trait], tables: Tables, moment: Moment, *, emptied: bool = False) -> None:
    """Everybody's values of these traits in the place of the stored ones; a trait comes after those that limit it."""
    if not emptied:
        session.delete(SEGMENTS_TRAIT_VALUE, session.keep("_trait_ids", pa.table({"trait_id": [*chosen]})), ["trait_id"])
    for layer in in_layers({key: uses(trait) for key, trait in chosen.items()}):
        found = measured({key: chosen[key] for key in layer}, tables, moment)
        found.plan.run(session)
        session.insert(SEGMENTS_TRAIT_VALUE, found.rows)


def default_row(trait_id: int, trait: Trait, moment: Moment) -> dict[str, object]:
    """The default as a row of values."""
    value, kind = trait.default, trait.type
    return {
        "trait_id": trait_id,
        "text": value if kind == "text" else None,
        "number": float(value) if kind in ("number", "money", "boolean") and value is not None else None,
        "time_ms": instant_ms(str(value), moment.calendar) if kind == "time" else None,
    }


def _replace_defaults(session: WriteSession, chosen: Mapping[int, Trait], moment: Moment) -> None:
    session.delete(SEGMENTS_TRAIT_DEFAULT, session.keep("_trait_ids", pa.table({"trait_id": [*chosen]})), ["trait_id"])
    rows = [default_row(key, trait, moment) for key, trait in chosen.items() if trait.default is not None]
    if rows:
        session.insert(SEGMENTS_TRAIT_DEFAULT, session.keep("_trait_defaults", pa.Table.from_pylist(rows, SEGMENTS_TRAIT_DEFAULT.arrow)))


def _store(stores: Stores, computed: Sequence[Definition], found: Mapping[int, Distribution], now: datetime) -> None:
    with stores.ledger.begin() as tx:
        for each in computed:
            # Somebody may have changed it meanwhile: then what was computed is of the version before, and it stays "computing".
            values = {"computed_version": each.version, "computed_at": now, "distribution": found[each.id].plain()}
            tx.execute(update(table).where(table.c.id == each.id).values(**values))
