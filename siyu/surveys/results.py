"""Results 问卷结果: counts, shares, means, and the NPS with how sure it is; over all versions, by the keys of questions and choices.

NPS = share of promoters (9, 10) − share of detractors (0 to 6), in points from −100 to 100. Its interval is the adjusted Wald one
of B. Rocks, Interval Estimation for the Net Promoter Score, The American Statistician 70 (2016): ¾ of an answer is added to the
promoters, ¾ to the detractors and 1½ to the others, then ± z·√((p + d − (p − d)²) / (n + 3)). Shares have Wilson's.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from sqlalchemy import Connection, func, select

from siyu.surveys import _tables, surveys
from siyu.surveys.questions import Kind, Question, Words

Z = 1.959964
"""95 %."""
_t, _a = _tables.response, _tables.answer


@dataclass(frozen=True)
class Count:
    """One choice or number. `rate`: of those who answered the question, with its interval."""

    key: str
    label: Words
    count: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Nps:
    """In points. The bounds are None before anybody answered."""

    score: float
    low: float
    high: float
    promoters: int
    passives: int
    detractors: int


@dataclass(frozen=True)
class Told:
    """What a question came to. `answered`: people who did; `mean` of numbers; `is_asked`: the version that is shown asks it."""

    key: str
    kind: Kind
    title: Words
    is_asked: bool
    answered: int
    counts: tuple[Count, ...]
    mean: float | None
    nps: Nps | None


@dataclass(frozen=True)
class Results:
    responses: int
    people: int
    questions: tuple[Told, ...]


def of(tx: Connection, survey_id: int, version: int | None = None) -> Results:
    """What people have said, to all versions or to one.

    Raises
    ------
    NotFoundError
    """
    survey = surveys.find(tx, survey_id)
    mine = (_t.c.survey_id == survey_id) if version is None else (_t.c.survey_id == survey_id) & (_t.c.version == version)
    responses, people = tx.execute(select(func.count(), func.count(_t.c.customer_id.distinct())).where(mine)).one()
    joined = select(_a).join(_t, _t.c.id == _a.c.response_id).where(mine).subquery()
    counted = select(joined.c.question, joined.c.choice, joined.c.number, func.count()).where(joined.c.words.is_(None)).group_by(joined.c.question, joined.c.choice, joined.c.number)
    counts: dict[tuple[str, str], int] = {(row[0], row[1] if row[1] is not None else str(row[2])): int(row[3]) for row in tx.execute(counted)}
    answered = {key: int(count) for key, count in tx.execute(select(joined.c.question, func.count(joined.c.response_id.distinct())).group_by(joined.c.question))}
    asked: dict[str, tuple[Question, bool]] = {}
    for each in surveys.versions(tx, survey_id):
        if version in (None, each.number):
            asked |= {one.key: (one, each.number == survey.version) for one in each.form.questions}
            asked = {key: (one, is_asked and key in {q.key for q in each.form.questions}) for key, (one, is_asked) in asked.items()}
    return Results(int(responses), int(people), tuple(_told(one, is_asked, counts, answered.get(key, 0)) for key, (one, is_asked) in asked.items()))


def nps(promoters: int, passives: int, detractors: int) -> Nps | None:
    """The score of counts; None of nobody."""
    count = promoters + passives + detractors
    if not count:
        return None
    weighed = count + 3
    p, d = (promoters + 0.75) / weighed, (detractors + 0.75) / weighed
    half = Z * sqrt((p + d - (p - d) ** 2) / weighed)
    return Nps(100 * (promoters - detractors) / count, 100 * max(-1.0, p - d - half), 100 * min(1.0, p - d + half), promoters, passives, detractors)


def wilson(count: int, total: int) -> tuple[float, float]:
    """The interval of a share (Wilson 1927)."""
    rate, spread = count / total, Z * Z / total
    middle, half = rate + spread / 2, Z * sqrt(rate * (1 - rate) / total + spread / (4 * total))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def _told(one: Question, is_asked: bool, counts: dict[tuple[str, str], int], answered: int) -> Told:
    labelled = [(choice.key, choice.label) for choice in one.choices] or ([] if one.kind == "text" else [(str(number), Words(str(number))) for number in one.span])
    known = {key for key, _ in labelled}
    labelled += [(key, Words(key)) for question, key in counts if question == one.key and key not in known]
    found = [(key, label, counts.get((one.key, key), 0)) for key, label in labelled]
    each = tuple(Count(key, label, count, count / answered if answered else None, *(wilson(count, answered) if answered else (None, None))) for key, label, count in found)
    numbers = [(int(key), count) for key, _, count in found] if one.kind in ("scale", "nps") else []
    total = sum(count for _, count in numbers)
    mean = sum(number * count for number, count in numbers) / total if total else None
    score = None
    if one.kind == "nps":
        score = nps(sum(c for n, c in numbers if n >= 9), sum(c for n, c in numbers if 7 <= n <= 8), sum(c for n, c in numbers if n <= 6))
    return Told(one.key, one.kind, one.title, is_asked, answered, each, mean, score)
