"""The guard of referral on worlds that it has never seen, and Galton–Watson against 1/(1 − K).

    .venv/bin/python bench/referral.py [--seeds 24] [--from 5000]

Limits: rings of five and more found ≥ .95; honest inviters hurt ≤ .005; a simulated total within 1 % of 1/(1 − K). Weights were chosen on
seeds 1000–1015 and 2000–2015.
"""

from __future__ import annotations

import argparse
from hashlib import blake2b
from time import perf_counter

import numpy as np

from siyu.referral import growth, guard
from siyu.referral.guard import Invites, Settings, Traces
from siyu_sandbox.referrals import DAY, Referrals, make


def loaded(world: Referrals) -> tuple[Invites, Traces]:
    """What can be seen of a world, as the guard takes it."""
    came = [(one, world.people[one.friend]) for one in world.invites]
    rows = [
        (
            one.inviter, one.friend, one.at_ms, friend.left_ms if friend.left_ms >= one.at_ms else 0, one.reward_ms, sum(fen for at, fen, _ in friend.orders if at >= one.at_ms),
            sum(fen for at, fen, back in friend.orders if at >= one.at_ms and not back), len({at // DAY for at in friend.acts if at >= one.at_ms}), friend.staff,
        )
        for one, friend in came
    ]  # fmt: skip
    things = [(one.number, kind, _key(thing)) for one in world.people for kind, used in enumerate((one.device, one.payer, one.address)) for thing in used]
    return Invites(*np.array(rows, np.int64).T), Traces(*np.array(things, np.int64).T)


def verdicts(world: Referrals, settings: Settings) -> tuple[int, int, int]:
    """(rings found, honest inviters hurt, honest inviters): a ring is found when at least half of it is in the queue; whoever waits in it is hurt."""
    found = guard.judge(*loaded(world), settings, world.until_ms)
    score = dict(zip(found.people.tolist(), found.score.tolist(), strict=True))
    rings = sum(sum(score.get(one, 0) >= settings.review for one in ring) * 2 >= len(ring) for ring in world.rings)
    honest = {one.inviter for one in world.invites if not world.people[one.inviter].ring}
    return rings, sum(score[one] >= settings.review for one in honest), len(honest)


def _key(thing: str) -> int:
    return int.from_bytes(blake2b(thing.encode(), digest_size=8).digest(), "big") >> 1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--from", type=int, default=7000, dest="first")
    asked = parser.parse_args()
    found = rings = hurt = honest = worst = 0
    for seed in range(asked.first, asked.first + asked.seeds):
        world = make(seed)
        one = verdicts(world, Settings())
        found, hurt, honest, rings = found + one[0], hurt + one[1], honest + one[2], rings + len(world.rings)
        worst = max(worst, one[1])
    print(f"guard, {asked.seeds} unseen worlds (seeds {asked.first}–{asked.first + asked.seeds - 1}): {found} of {rings} rings found = {found / rings:.4f} (limit .95)")
    print(f"       {hurt} of {honest} honest inviters hurt = {hurt / honest:.5f} (limit .005), at the most {worst} in one world")
    large = make(7, honest=40_000, rings=200)
    taken = loaded(large)
    began = perf_counter()
    guard.judge(*taken, Settings(), large.until_ms)
    print(f"       {len(large.invites):,} invitations weighed in {perf_counter() - began:.2f} s")
    for k in (0.1, 0.35, 0.6):
        total = growth.generations(k, 200_000).sum() / 200_000
        print(f"Galton–Watson K {k}: {total:.4f} per seed against {1 / (1 - k):.4f}: {abs(total * (1 - k) - 1):.4%} off (limit 1 %)")


if __name__ == "__main__":
    main()
