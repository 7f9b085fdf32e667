"""Linkage 概率匹配: which records of one list, or of two, are the same; learnt from the records alone, without labels.

The model is that of Fellegi and Sunter (1969), by Splink: each comparison of two records falls into a level; a level's
weight is log2(m / u), where m is its share among true pairs and u among others. u comes from random pairs, m from
expectation maximisation. The weights of a pair's levels add up to its evidence in bits; with the share of true pairs among
all pairs that is a probability.

What the records hold is opened personal data: it stays in a private database in memory, which writes nothing to disk.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines.duckdb import private_connection

BUDGET = 50_000_000
"""Most pairs that are compared: some minutes on two cores."""
TRAINED_ON = 1_000_000
"""Pairs that a training looks at."""
RANDOM_PAIRS = 200_000
"""Random pairs that show how alike strangers are."""
KNOWN_FREQUENCIES = 2_000
"""In fewer records than these a value's frequency is mostly the pair that is being weighed."""
SURE = 1e-3
"""Nothing is so sure that true pairs never differ in it, however clean the list."""
ENOUGH = 100
"""A training on fewer pairs than these would learn their accidents."""
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: `condition` is SQL over `<column>_l` and `<column>_r`; `m` is its share of true pairs before training."""

    name: str
    condition: str
    m: float


@dataclass(frozen=True)
class Comparison:
    """Levels from the closest to `ELSE`; where the column is null on either side the comparison says nothing.

    The first level is equality of the column `equal`. With `by_frequency` an equality of a rare value weighs more than that of a
    frequent one.
    """

    column: str
    levels: tuple[Level, ...]
    by_frequency: bool = False
    equal: str = ""
    """The column itself where it is not named."""
    is_equality: bool = True
    """Whether the first level is that."""
    also: tuple[str, ...] = ()
    """Other columns that its conditions read."""

    @property
    def name(self) -> str:
        """As it is told to people: without what the column was made into."""
        return self.column.removesuffix("_ends")

    @property
    def equal_column(self) -> str:
        return self.equal or self.column


@dataclass(frozen=True)
class Linked:
    """Pairs, likeliest first, and what they were found with.

    `pairs`: left, right (int64, ids of records), weight (bits of evidence), probability (0 to 1), and for each comparison its
    level (`level_<column>`, int8: place in `levels`, -1 for nothing to compare) and weight (`weight_<column>`, bits).
    """

    pairs: pa.Table
    candidate_count: int
    largest_block: int
    """Pairs of the largest block that was compared; larger ones were left out to keep the budget."""
    is_tightened: bool
    prior: float
    """Share of true pairs among all pairs."""
    model: dict[str, list[dict[str, float]]]
    """column → m and u of each level."""

    def level_names(self, rows: pa.Table, comparisons: Sequence[Comparison]) -> pa.Array:
        """For each of some pairs what its comparisons say: `name=equal,phone=ends`."""
        columns = []
        for comparison in comparisons:
            names = pa.array([f"{comparison.name}={name}" for name in ("nothing", *(level.name for level in comparison.levels))])
            columns.append(names.take(pc.add(rows[f"level_{comparison.column}"].cast(pa.int64()), 1).combine_chunks()))
        return _joined(columns, rows.num_rows)

    def level_weights(self, rows: pa.Table, comparisons: Sequence[Comparison]) -> pa.Array:
        """The bits of each of them, in the same order: `9.1,5.3`."""
        return _joined([pc.round(rows[f"weight_{comparison.column}"], 2).cast(pa.string()).combine_chunks() for comparison in comparisons], rows.num_rows)


def _joined(columns: Sequence[pa.Array], count: int) -> pa.Array:
    return pc.binary_join_element_wise(*columns, ",") if count else pa.array([], pa.string())


class TooManyPairsError(InvalidError):
    """The records are so much alike that no way of comparing them keeps the budget."""

    code = "too_many_pairs"


def link(
    lists: Sequence[pa.Table], clean: Mapping[str, str], comparisons: Sequence[Comparison], rules: Sequence[tuple[str, ...]],
    *, within: str = "", least: float = 0.5, budget: int = BUDGET, memory: str = "2GB", threads: int = 0,
) -> Linked:  # fmt: skip
    """Compare the records of one list with each other, or those of two lists across.

    Parameters
    ----------
    lists
        One table or two; each has a column `id` (int64), those of the second larger than all of the first.
    clean
        Column → SQL over the tables' columns; what is compared and blocked on. Null where there is nothing.
    rules
        Two records are compared if all columns of one rule are equal. A value shared by so many that the budget would
        not hold is no reason to compare: such blocks are left out, the largest first.
    within
        SQL over `l.<column>` and `r.<column>` that holds for every pair that is compared; none where it is empty.
    least
        Probability from which a pair is returned.
    budget
        Most pairs to compare; they are counted before.

    Raises
    ------
    TooManyPairsError
        When no block fits the budget.
    """
    connection = private_connection(memory, threads)
    try:
        return _Linking(connection, lists, clean, comparisons, rules, within).run(least, budget)
    finally:
        connection.close()


def one_to_one(left: Ints, right: Ints, weight: Floats) -> Bools:
    """Which pairs stay when each record may be in one pair: the heaviest first, among equals the smaller ids first."""
    kept = np.zeros(left.size, bool)
    open_ = np.lexsort((right, left, -weight))
    while open_.size:
        # `open_` is in order of weight, so a record's first place is its best pair.
        best_left, best_right = (_is_first(ids[open_]) for ids in (left, right))
        chosen = open_[best_left & best_right]
        kept[chosen] = True
        free = ~np.isin(left[open_], left[chosen]) & ~np.isin(right[open_], right[chosen])
        open_ = open_[free]
    return kept


def _is_first(ids: Ints) -> Bools:
    first = np.zeros(ids.size, bool)
    first[np.unique(ids, return_index=True)[1]] = True
    return first


def prior_of(weights: Floats, counts: Floats, all_pairs: float) -> float:
    """The share of true pairs among all pairs, by expectation maximisation over the candidates' evidence; pairs not compared are none.

    `weights` are bits, `counts` how many pairs have them.
    """
    share = float(1 / max(2.0, all_pairs**0.5))
    for _ in range(500):
        found = float(np.sum(probability(weights, share) * counts))
        before, share = share, min(0.5, max(found, 0.5) / max(1.0, all_pairs))
        if abs(share - before) <= 1e-5 * before:
            break
    return share


def probability(weights: Floats, prior: float) -> Floats:
    """Probability of each evidence (bits) at a prior."""
    odds = np.clip(weights + np.log2(prior / (1 - prior)), -1000, 1000)
    found: Floats = 1 / (1 + np.exp2(-odds))
    return found


class _Linking:
    """One run: the records as tables `list_0` (and `list_1`), with a column `block_<n>` for each rule: the hash of what must be equal."""

    def __init__(
        self, connection: Any, lists: Sequence[pa.Table], clean: Mapping[str, str], comparisons: Sequence[Comparison], rules: Sequence[tuple[str, ...]], within: str
    ) -> None:
        has_frequencies = sum(rows.num_rows for rows in lists) >= KNOWN_FREQUENCIES
        self._comparisons = [replace(comparison, by_frequency=comparison.by_frequency and has_frequencies) for comparison in comparisons]
        self._connection, self._rules = connection, list(rules)
        self._within = f" AND ({within})" if within else ""
        self._names = [f"list_{number}" for number in range(len(lists))]
        columns = ", ".join(f"{sql} AS {column}" for column, sql in clean.items())
        blocks = ", ".join(
            f"CASE WHEN {' AND '.join(f'{column} IS NOT NULL' for column in rule)} THEN hash({', '.join(rule)}) END AS block_{number}"
            for number, rule in enumerate(rules)
        )
        for name, rows in zip(self._names, lists, strict=True):
            connection.register("arriving", rows)
            connection.execute(f"CREATE TABLE {name} AS SELECT *, {blocks} FROM (SELECT id AS unique_id, {columns} FROM arriving)")
            connection.unregister("arriving")
        sizes = [rows.num_rows for rows in lists]
        self.all_pairs = float(sizes[0] * sizes[1] if len(sizes) > 1 else sizes[0] * (sizes[0] - 1) // 2)

    def run(self, least: float, budget: int) -> Linked:
        counts, largest, is_tightened = self._keep_budget(budget)
        if not sum(counts):
            return Linked(self._nothing(), 0, 0, is_tightened, 0.0, {})
        model, table = self._scored(counts)
        weights, prior = {}, 1 / self.all_pairs
        for _ in range(3):
            weights = {comparison.column: _bits(comparison, model[comparison.column], prior) for comparison in self._comparisons}
            prior = self._prior(table, weights)
        candidate_count = int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
        return Linked(self._found(table, weights, prior, least), candidate_count, largest, is_tightened, prior, model)

    def _nothing(self) -> pa.Table:
        columns = [("left", pa.int64()), ("right", pa.int64()), ("weight", pa.float64()), ("probability", pa.float64())]
        for comparison in self._comparisons:
            columns += [(f"level_{comparison.column}", pa.int8()), (f"weight_{comparison.column}", pa.float64())]
        return pa.schema(columns).empty_table()

    def _keep_budget(self, budget: int) -> tuple[list[int], int, bool]:
        """Count what each rule would compare, and leave out the largest blocks; returns pairs by rule, the largest block, whether any was left out."""
        sizes = [np.array(self._connection.execute(self._sizes(number)).fetchall(), np.int64).reshape(-1, 2) for number in range(len(self._rules))]
        pairs, times = np.concatenate([np.zeros((0, 2), np.int64), *sizes]).T
        values, place = np.unique(pairs, return_inverse=True)
        total = np.cumsum(values * np.bincount(place, times)) if values.size else np.zeros(0)
        fits = int(np.searchsorted(total, budget, "right"))
        if values.size and not fits:
            raise TooManyPairsError(
                Text(f"要比对的记录对超过 {budget:,}", f"more than {budget:,} pairs would have to be compared"),
                way_out=Text("资料太相似，分不出人；先补上手机号、生日或地址", "the records are too much alike; add phones, birthdays or addresses first"),
            )
        largest = int(values[fits - 1]) if fits else 0
        if fits < values.size:
            for number in range(len(self._rules)):
                self._leave_out(number, largest)
        kept = [int(np.sum(rows[:, 0] * rows[:, 1], where=rows[:, 0] <= largest)) for rows in sizes]
        return kept, largest, fits < values.size

    def _blocks(self, number: int) -> str:
        """SQL: block, and the pairs in it."""
        grouped = [f"(SELECT block_{number} AS block, count(*) AS n FROM {name} WHERE block_{number} IS NOT NULL GROUP BY 1)" for name in self._names]
        if len(grouped) == 1:
            return f"SELECT block, n * (n - 1) // 2 AS pairs FROM {grouped[0]} WHERE n > 1"
        return f"SELECT block, l.n * r.n AS pairs FROM {grouped[0]} l JOIN {grouped[1]} r USING (block)"

    def _sizes(self, number: int) -> str:
        return f"SELECT pairs::BIGINT, count(*) FROM ({self._blocks(number)}) GROUP BY 1"

    def _leave_out(self, number: int, largest: int) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE left_out AS SELECT block FROM ({self._blocks(number)}) WHERE pairs > {largest}")
        for name in self._names:
            self._connection.execute(f"UPDATE {name} SET block_{number} = NULL WHERE block_{number} IN (SELECT block FROM left_out)")

    def _scored(self, counts: Sequence[int]) -> tuple[dict[str, list[dict[str, float]]], str]:
        """M and u of every level, and the table in which Splink put the level of each comparison of each candidate."""
        # Imported here: it takes half a second, and most commands never link.
        from splink import Linker, SettingsCreator
        from splink.backends.duckdb import DuckDBAPI

        logging.getLogger("splink").setLevel(logging.ERROR)
        api = DuckDBAPI(connection=self._connection)
        settings = SettingsCreator(
            link_type="dedupe_only" if len(self._names) == 1 else "link_only",
            comparisons=[_as_splink(comparison) for comparison in self._comparisons],
            blocking_rules_to_generate_predictions=[{"blocking_rule": self._rule(f"block_{number}")} for number in range(len(self._rules)) if counts[number]],
            probability_two_random_records_match=1 / max(10.0, self.all_pairs**0.5),
            # Without them Splink does not tell the levels.
            retain_matching_columns=True,
            retain_intermediate_calculation_columns=True,
        )
        linker = Linker([api.register(name) for name in self._names], settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=1, min_count_per_level=None, num_chunks=1)
        for rule in self._trainings(counts):
            linker.training.estimate_parameters_using_expectation_maximisation(self._rule(*rule), estimate_without_term_frequencies=True, max_pairs=TRAINED_ON)
        learnt = linker.misc.save_model_to_json()
        model = self._mended(learnt["comparisons"])
        for comparison in learnt["comparisons"]:
            levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
            for level, known in zip(levels, model[comparison["output_column_name"]], strict=True):
                level["m_probability"], level["u_probability"] = known["m"], known["u"]
        linker = Linker([api.register(name) for name in self._names], learnt, log_level=None)
        return model, linker.inference.predict(warning_mode="never").physical_name

    def _rule(self, *columns: str) -> str:
        return " AND ".join(f"l.{column} = r.{column}" for column in columns) + self._within

    def _trainings(self, counts: Sequence[int]) -> list[tuple[str, ...]]:
        """Rules to learn m on, so that each comparison is learnt twice from pairs that were not chosen by it; the most selective first."""
        uses = {comparison.column: {comparison.column, comparison.equal_column, *comparison.also} for comparison in self._comparisons}
        wanted, chosen = dict.fromkeys(uses, 2), []
        for _, rule in sorted((count, rule) for count, rule in zip(counts, self._rules, strict=True) if count >= ENOUGH):
            free = [column for column in uses if not uses[column] & set(rule)]
            if any(wanted[column] > 0 for column in free):
                chosen.append(rule)
                for column in free:
                    wanted[column] -= 1
        return chosen

    def _mended(self, learnt: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, float]]]:
        """What was learnt, with the gaps closed: a level never seen, and a comparison whose training went astray, which keeps its m of before."""
        found = {}
        for comparison, known in zip(self._comparisons, learnt, strict=True):
            levels = [level for level in known["comparison_levels"] if not level.get("is_null_level")]
            u = [_number(level.get("u_probability"), 1 / RANDOM_PAIRS) for level in levels]
            u[0] = (comparison.is_equality and self._collisions(comparison.equal_column)) or u[0]
            before = [level.m for level in comparison.levels]
            m = [_number(level.get("m_probability"), 0.0) for level in levels]
            if any(each != prior for each, prior in zip(m, before, strict=True)):
                # A level that the training never saw keeps its first value; unseen, it says nothing for one person.
                m = [min(other, SURE) if each == prior else each for each, other, prior in zip(m, u, before, strict=True)]
            m[-1] = max(m[-1], SURE)
            if m[0] <= u[0] or m[-1] >= u[-1]:
                m = before
            found[comparison.column] = [{"m": max(each, 1e-9), "u": other} for each, other in zip(m, u, strict=True)]
        return found

    def _collisions(self, column: str) -> float:
        """How often two records are equal in a column that both have: exactly, where a sample would see none."""
        grouped = [f"(SELECT {column} AS value, count(*)::DOUBLE AS n FROM {name} WHERE {column} IS NOT NULL GROUP BY 1)" for name in self._names]
        if len(grouped) == 1:
            sql = f"SELECT sum(n * (n - 1)) / nullif(sum(n) * (sum(n) - 1), 0) FROM {grouped[0]}"
        else:
            every = " * ".join(f"(SELECT sum(n) FROM {each})" for each in grouped)
            sql = f"SELECT sum(l.n * r.n) / nullif({every}, 0) FROM {grouped[0]} l JOIN {grouped[1]} r USING (value)"
        return float(self._connection.execute(sql).fetchall()[0][0] or 0)

    def _weight(self, comparison: Comparison, weights: Mapping[str, Sequence[float]]) -> str:
        """SQL for the bits of one comparison of a scored pair. Splink counts levels from the last, -1 being nothing to compare."""
        column, known = comparison.column, weights[comparison.column]
        values = ", ".join(repr(weight) for weight in [*reversed(known)])
        adjusted = f" + coalesce(mw_tf_adj_{column}, 0)" if comparison.by_frequency else ""
        return f"(CASE WHEN gamma_{column} < 0 THEN 0.0::DOUBLE ELSE list_extract([{values}]::DOUBLE[], gamma_{column} + 1){adjusted} END)"

    def _prior(self, table: str, weights: Mapping[str, Sequence[float]]) -> float:
        total = " + ".join(self._weight(comparison, weights) for comparison in self._comparisons)
        rows = np.array(self._connection.execute(f"SELECT round({total}, 2) AS bits, count(*) FROM {table} GROUP BY 1 ORDER BY 1").fetchall(), np.float64)
        return prior_of(rows[:, 0], rows[:, 1], self.all_pairs)

    def _found(self, table: str, weights: Mapping[str, Sequence[float]], prior: float, least: float) -> pa.Table:
        parts = [f"{self._weight(comparison, weights)} AS weight_{comparison.column}" for comparison in self._comparisons]
        places = [
            f"(CASE WHEN gamma_{comparison.column} < 0 THEN -1 ELSE {len(comparison.levels) - 1} - gamma_{comparison.column} END)::TINYINT AS level_{comparison.column}"
            for comparison in self._comparisons
        ]
        total = " + ".join(f"weight_{comparison.column}" for comparison in self._comparisons)
        bound = float(np.log2(least / (1 - least)) - np.log2(prior / (1 - prior)))
        scored = f"SELECT unique_id_l, unique_id_r, {', '.join([*parts, *places])} FROM {table}"
        each = ", ".join(f"level_{c.column}, weight_{c.column}" for c in self._comparisons)
        sql = f"""SELECT least(unique_id_l, unique_id_r)::BIGINT AS "left", greatest(unique_id_l, unique_id_r)::BIGINT AS "right", {total} AS weight, {each}
            FROM ({scored}) WHERE {total} >= {bound!r} ORDER BY weight DESC, 1, 2"""
        rows = self._connection.sql(sql).to_arrow_table()
        likely = pa.array(probability(rows["weight"].to_numpy(), prior))
        return rows.add_column(3, "probability", likely)


def _as_splink(comparison: Comparison) -> dict[str, Any]:
    column = comparison.column
    nothing = {"sql_condition": f"{column}_l IS NULL OR {column}_r IS NULL", "label_for_charts": "null", "is_null_level": True}
    levels = [{"sql_condition": level.condition, "label_for_charts": level.name, "m_probability": level.m} for level in comparison.levels]
    if comparison.by_frequency:
        levels[0] |= {"tf_adjustment_column": comparison.equal_column, "tf_adjustment_weight": 1.0}
    return {"output_column_name": column, "comparison_levels": [nothing, *levels]}


def _bits(comparison: Comparison, levels: Sequence[Mapping[str, float]], prior: float) -> list[float]:
    """log2(m / u) of each level. Random pairs hold true ones, too: as many as are thought to be there are taken out of u."""
    found = [float(np.log2(level["m"] / max(level["u"] - prior * level["m"], level["u"] / 1000))) for level in levels]
    if comparison.by_frequency:
        # Splink states a value's weight as the difference from the uncorrected u.
        found[0] = float(np.log2(levels[0]["m"] / levels[0]["u"]))
    return found


def _number(value: Any, unseen: float) -> float:
    """A learnt share; Splink writes words where it saw nothing."""
    return max(float(value), 1e-9) if isinstance(value, int | float) else unseen
