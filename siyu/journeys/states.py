"""States 状态: of a journey, and of one person's run through it."""

from __future__ import annotations

from siyu.foundation.text import Text

ON_THE_WAY, FAILED, COMPLETED, EXITED, GOAL, HELD_OUT, REMOVED, STOPPED = range(8)
STATES = ("on_the_way", "failed", "completed", "exited", "goal", "held_out", "removed", "stopped")
WORDS = {
    "on_the_way": Text("在途", "On the way"),
    "failed": Text("出错停下", "Failed"),
    "completed": Text("已走完", "Completed"),
    "exited": Text("已退出", "Left by an exit rule"),
    "goal": Text("达成目标离开", "Left with the goal"),
    "held_out": Text("对照组", "Held out"),
    "removed": Text("人工移出", "Taken out by hand"),
    "stopped": Text("随旅程停止", "Stopped"),
}
JOURNEY = {
    "draft": Text("草稿", "Draft"),
    "live": Text("进行中", "Live"),
    "paused": Text("已暂停", "Paused"),
    "draining": Text("只出不进", "Draining"),
    "stopped": Text("已停止", "Stopped"),
}
MOVING = ("live", "draining")
"""People are moved on; in `live` others come in."""
FRESH, WAITING, WOKEN = -1, 0, 1
