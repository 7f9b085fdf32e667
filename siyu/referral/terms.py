"""Terms 规则: what a programme promises, when a friend is real, and what it may cost; checked before anybody is shown it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

Mode = Literal["invite", "task", "group"]
Kind = Literal["none", "points", "coupon"]
MODES = {
    "invite": Text("普通邀请", "Invite"),
    "task": Text("任务宝", "Task with steps"),
    "group": Text("拼团", "Group"),
}
MOST_FEN, MOST_POINTS, MOST_DAYS, MOST_STEPS = 100_000_000, 1_000_000, 3650, 6


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in Chinese, and in English where somebody wrote it."""

    zh: str = ""
    en: str = ""

    def to(self, language: str) -> str:
        return self.en if language == "en" and self.en else self.zh


class Reward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`days`: how long points last, 0 for ever. `cost_fen`: what one is expected to cost the brand."""

    kind: Kind = "none"
    points: int = 0
    days: int = 0
    coupon_id: int = 0
    cost_fen: int = 0


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With so many real friends the inviter has this reward (as well as those of the steps before)."""

    friends: int
    reward: Reward


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    `friend`, `inviter`: for each real friend (of a group: for each member, and for who opened it, when it is full). `steps` of a task.
    A group needs `size` people, the one who opened it included, within `hours`; `after_refund`: whether one who gives everything back loses
    only the own reward, or the whole group falls apart when too few are left.
    A friend is real after `stay_days` as a contact (0: not asked) and/or with `buys_fen` bought and kept (0: not asked): `needs` any or all of
    what is asked. Who is not within `wait_days` lapses; for `watch_days` after it came true a refund or a departure takes rewards back.
    `only_new`: nobody counts who bought or was a contact before. `most_friends`: friends of one inviter who are paid for, 0 without a bound.
    `budget_fen`, `stock`: what may be promised in all, and for how many friends; 0 without a bound. Whoever was promised something gets it.
    `account_id` with `staff`: each inviter has a live code of their own there; else `add_url` leads friends on.
    """

    friend: Reward = Reward()
    inviter: Reward = Reward()
    steps: tuple[Step, ...] = ()
    size: int = 3
    hours: int = 24
    after_refund: Literal["own", "group"] = "own"
    stay_days: int = 7
    buys_fen: int = 0
    needs: Literal["any", "all"] = "all"
    wait_days: int = 30
    watch_days: int = 15
    only_new: bool = True
    most_friends: int = 0
    budget_fen: int = 0
    stock: int = 0
    account_id: int = 0
    staff: tuple[str, ...] = ()
    add_url: str = ""
    title: Words = Words()
    words: Words = Words()


def read(raw: Any) -> Terms:
    """
    Raises
    ------
    InvalidError
        For an unknown field or kind.
    """
    try:
        return msgspec.convert(raw, Terms)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$.")
        raise InvalidError(Text("规则格式有误", "these are no terms"), faults=[Fault(f"terms.{where.rstrip('`')}", Text(said, said))]) from error


def plain(terms: Terms) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(terms)
    return found


def faults_of(mode: Mode, one: Terms, coupons: set[int]) -> list[Fault]:
    """Everything that must be mended before it can begin. `coupons`: those that can be issued."""
    found = [*_of_reward(one.friend, "friend", coupons), *_of_reward(one.inviter, "inviter", coupons)]
    bounds = {
        "stay_days": (0, 90), "buys_fen": (0, MOST_FEN), "wait_days": (1, 180), "watch_days": (0, 180), "most_friends": (0, 100_000), "budget_fen": (0, MOST_FEN * 100),
        "stock": (0, 100_000_000),
    }  # fmt: skip
    for name, (low, high) in bounds.items():
        if not low <= getattr(one, name) <= high:
            found.append(Fault(f"terms.{name}", Text(f"{low} 到 {high:,}", f"{low} to {high:,}")))
    if one.stay_days > one.wait_days:
        found.append(Fault("terms.wait_days", Text("不能短于停留天数", "not less than the days they must stay")))
    if not one.title.zh.strip() or len(one.title.zh) > 60 or len(one.title.en) > 80:
        found.append(Fault("terms.title.zh", Text("页面标题 1 到 60 字", "a title of 1 to 60 characters")))
    if len(one.words.zh) > 500 or len(one.words.en) > 800:
        found.append(Fault("terms.words.zh", Text("最多 500 字", "at most 500 characters")))
    if bool(one.account_id) != bool(one.staff):
        found.append(Fault("terms.staff", Text("专属活码要选账号和接待员工", "live codes need an account and staff")))
    if one.add_url and not one.add_url.startswith("https://"):
        found.append(Fault("terms.add_url", Text("以 https:// 开头", "it begins with https://")))
    found += _of_task(one, coupons) if mode == "task" else _of_group(one) if mode == "group" else []
    if mode != "task" and one.friend.kind == one.inviter.kind == "none":
        found.append(Fault("terms.inviter", Text("至少要有一种奖励", "there must be some reward")))
    return found


def _of_task(one: Terms, coupons: set[int]) -> list[Fault]:
    found: list[Fault] = []
    if not 1 <= len(one.steps) <= MOST_STEPS:
        found.append(Fault("terms.steps", Text(f"1 到 {MOST_STEPS} 级", f"1 to {MOST_STEPS} steps")))
    counts = [step.friends for step in one.steps]
    if any(not 1 <= count <= 10_000 for count in counts) or counts != sorted(set(counts)):
        found.append(Fault("terms.steps", Text("人数逐级递增", "each step asks for more friends than the one before")))
    for place, step in enumerate(one.steps):
        found += _of_reward(step.reward, f"steps[{place}].reward", coupons)
        if step.reward.kind == "none":
            found.append(Fault(f"terms.steps[{place}].reward", Text("请选奖励", "choose the reward")))
    if one.inviter.kind != "none":
        found.append(Fault("terms.inviter", Text("任务宝按级奖励邀请人", "a task rewards inviters by its steps")))
    return found


def _of_group(one: Terms) -> list[Fault]:
    found: list[Fault] = []
    if not 2 <= one.size <= 100:
        found.append(Fault("terms.size", Text("2 到 100 人", "2 to 100 people")))
    if not 1 <= one.hours <= 720:
        found.append(Fault("terms.hours", Text("1 到 720 小时", "1 to 720 hours")))
    if one.stay_days * 24 >= one.hours and one.stay_days and not (one.buys_fen and one.needs == "any"):
        found.append(Fault("terms.stay_days", Text("停留天数要在成团时限之内", "the days they must stay lie within the hours of the group")))
    return found


def _of_reward(one: Reward, field: str, coupons: set[int]) -> list[Fault]:
    found: list[Fault] = []
    if one.kind == "points" and not 1 <= one.points <= MOST_POINTS:
        found.append(Fault(f"terms.{field}.points", Text(f"1 到 {MOST_POINTS:,} 积分", f"1 to {MOST_POINTS:,} points")))
    if one.kind == "coupon" and one.coupon_id not in coupons:
        found.append(Fault(f"terms.{field}.coupon_id", Text("请选一张正在发放的券", "choose a coupon that is being issued")))
    if not 0 <= one.cost_fen <= MOST_FEN or not 0 <= one.days <= MOST_DAYS:
        found.append(Fault(f"terms.{field}.cost_fen", Text("金额或天数超出范围", "the amount or the days are out of bounds")))
    return found


def cost_fen(mode: Mode, one: Terms, ordinal: int) -> int:
    """What the friend with this ordinal (from 1) of an inviter may come to cost: what a promise reserves of the budget."""
    own = one.friend.cost_fen
    if mode == "task":
        return own + sum(step.reward.cost_fen for step in one.steps if step.friends == ordinal)
    if mode == "group":
        # Who opened the group is paid once, with the friend who fills it at the latest.
        return own + (one.inviter.cost_fen if ordinal % max(1, one.size - 1) == 1 or one.size == 2 else 0)
    return own + one.inviter.cost_fen
