"""An experiment through the sandbox finds what the truth says: send to half, compare by the shop's export alone."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_people import DEAL, Population, make_population, orders_of

COUNT = 12_000
Z = 1.96


def _experiment(people: Population, text: str, days: int, times: int = 1) -> tuple[float, float, float]:
    """(lift estimated from the orders, its standard error, true effect), in purchases per person written to."""
    dice = random.Random(5)
    treated = [phone for phone in people.phones if dice.random() < 0.5]
    for _ in range(times):
        people.send(text, treated)
        people.live(1)
    people.live(days - times)
    by_number = Counter(row["手机号"] for row in orders_of(people.sandbox))
    bought = {phone: by_number[f"190{phone:08d}"] for phone in people.phones}
    chosen = set(treated)
    groups = [
        [bought[phone] for phone in people.phones if (phone in chosen) == told] for told in (True, False)
    ]
    means = [sum(group) / len(group) for group in groups]
    variances = [
        sum((one - mean) ** 2 for one in group) / len(group) ** 2
        for group, mean in zip(groups, means, strict=True)
    ]
    effects = people.truth("messages")
    true = sum(row["caused_count"] - row["prevented_count"] for row in effects) / len(treated)
    return means[0] - means[1], math.sqrt(sum(variances)), true


@pytest.mark.parametrize("seed", [1, 2])
def test_the_lift_of_an_offer_is_found(sandbox: SandboxClient, seed: int) -> None:
    people = make_population(sandbox, COUNT, seed=seed)
    lift, error, true = _experiment(people, DEAL, 7)
    assert true > 0
    assert abs(lift - true) < Z * error
    assert lift > Z * error


def test_content_without_an_offer_does_less(sandbox: SandboxClient) -> None:
    people = make_population(sandbox, COUNT)
    lift, error, true = _experiment(people, "盖碗三分钟上手", 7)
    assert abs(lift - true) < Z * error
    offer = _experiment(make_population(sandbox, COUNT), DEAL, 7)[2]
    assert 0 < true < offer


def test_too_much_does_harm_and_drives_people_away(sandbox: SandboxClient) -> None:
    people = make_population(sandbox, COUNT)
    lift, error, true = _experiment(people, "今天特价", 20, times=14)
    assert abs(lift - true) < Z * error
    driven = [row for row in people.truth("lives") if row["why"] == "fatigue"]
    left_alone = [row for row in people.truth("lives") if row["why"] == "anyway"]
    assert len(driven) > 3 * len(left_alone)
    assert all(
        row["gone_by"] is not None and not row["would_have_left"]
        for row in driven
        if not row["would_have_left"]
    )
    assert sum(row["left_count"] for row in people.truth("messages")) == sum(
        row["gone_by"] is not None for row in people.truth("lives")
    )
    single = _experiment(make_population(sandbox, COUNT), "今天特价", 20)[2]
    assert true < 14 * single


def test_the_credit_of_the_last_message_is_not_its_effect(sandbox: SandboxClient) -> None:
    """Most of those who bought after an offer would have bought anyway; only the truth, or a hold-out, tells."""
    people = make_population(sandbox, COUNT, {"name": "门店", "need": 0.04, "deal_hunters": 0})
    _, _, true = _experiment(people, DEAL, 7)
    touched = {row["person"] for row in people.truth("touches")}
    credited = sum(row["person"] in touched for row in people.truth("purchases"))
    assert credited > 1.5 * true * len(touched)
