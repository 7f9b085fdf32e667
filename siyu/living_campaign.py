"""A campaign of the sample brand that runs now 正在进行的示例活动: begun once, as a member would, when the brand has been loaded and counted.

Its first wave goes out by e-mail a few letters a minute, so that there is something to watch; the second one waits for a day.
"""

from __future__ import annotations

from typing import Any

from siyu.client import Client

NAME = "制茶师的一天，给一周没被打扰的人"
SEGMENT, CONTENT = "7 天内没被打扰", "N107"
WAVES = ({"share": 0.3, "wait_hours": 24}, {"share": 0.7})
PER_MINUTE = 6
WORTH_FEN = 200
WAY = ("submit", "approve", "schedule")


def begin(client: Client) -> bool:
    """Write it, approve it and let it go, if all that it needs is there; True once it is there, whatever became of it."""
    if any(one["name"] == NAME for one in client.get("/campaigns", q=NAME)["items"]):
        return True
    segment = next((one for one in client.get("/segments")["items"] if one["name"] == SEGMENT and one["customer_count"]), None)
    piece = next(iter(client.get("/content/pieces", label=CONTENT, usable=True)["items"]), None)
    mail = [one for one in client.get("/carriers/accounts")["items"] if (one["product"], one["status"]) == ("email", "connected")]
    if segment is None or piece is None or not mail:
        return False
    made = client.post("/campaigns", {"name": NAME, "purpose": "value", "priority_fen": WORTH_FEN, "plan": _plan(segment["id"], piece["id"])})
    for step in WAY:
        client.post(f"/campaigns/{made['id']}/{step}")
    return True


def _plan(segment: int, piece: int) -> dict[str, Any]:
    return {
        "audience": {"include": [segment]}, "variants": [{"name": "a", "piece_id": piece, "share": 1.0}], "carriers": ["email"], "waves": list(WAVES),
        "per_minute": PER_MINUTE, "window_days": 14, "reading": "sequential",
    }  # fmt: skip
