"""When an account may write to somebody first (客服消息): what the person did opens a window with a count.

Windows of minutes pass in protocol time (real time plus advances), so that a faster clock does not shut them
before an answer can arrive; windows of hours pass in virtual time.
"""

from dataclasses import dataclass, field

OUT_OF_TIME = 45015
OVER_COUNT = 45047


@dataclass(frozen=True)
class Window:
    """What one doing of a person allows: `count` messages (None: any number) within `seconds`."""

    count: int | None
    seconds: int
    short: bool


# Service accounts: doc/offiaccount/Customer_Service, 5 in 48 h (20 before about 2021); mini programs: 2 in
# 1 min after entering the conversation. A payment opens 48 h without a count (service accounts).
OFFICIAL_ACCOUNT_WINDOWS = {
    "message": Window(5, 48 * 3600, False),
    "menu": Window(3, 60, True),
    "follow": Window(3, 60, True),
    "scan": Window(3, 60, True),
    "payment": Window(None, 48 * 3600, False),
}
MINI_PROGRAM_WINDOWS = {"message": Window(5, 48 * 3600, False), "enter": Window(2, 60, True)}


@dataclass
class _Allowance:
    window: Window
    until: float
    left: int | None


@dataclass
class Conversations:
    """The open windows of one account by person."""

    windows: dict[str, Window]
    open: dict[str, dict[str, _Allowance]] = field(default_factory=dict)

    def did(self, openid: str, what: str, now: float, real: float) -> None:
        """Open the window that follows from what the person did; the same doing begins its window anew."""
        window = self.windows.get(what)
        if window is not None:
            start = real if window.short else now
            self.open.setdefault(openid, {})[what] = _Allowance(window, start + window.seconds, window.count)

    def left(self, openid: str, now: float, real: float) -> int | None:
        """Return how many messages may still go out (None: any number); the shortest window is used first."""
        running = self._running(openid, now, real)
        if any(allowance.left is None for allowance in running):
            return None
        return sum(allowance.left or 0 for allowance in running)

    def use(self, openid: str, now: float, real: float) -> int:
        """Take one message off the window that ends first; return 0, or the code of the refusal."""
        running = self._running(openid, now, real)
        if not running:
            return OUT_OF_TIME
        for allowance in sorted(running, key=lambda one: one.until - (real if one.window.short else now)):
            if allowance.left is None:
                return 0
            if allowance.left > 0:
                allowance.left -= 1
                return 0
        return OVER_COUNT

    def close(self, openid: str) -> None:
        """Forget every window of somebody who left."""
        self.open.pop(openid, None)

    def _running(self, openid: str, now: float, real: float) -> list[_Allowance]:
        mine = self.open.get(openid, {})
        return [one for one in mine.values() if one.until > (real if one.window.short else now)]
