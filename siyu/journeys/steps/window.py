"""Window 时段: people go on only at some hours of some days, where they live; whoever comes within them goes on at once."""

from __future__ import annotations

from msgspec import field
from sqlalchemy import Connection

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys import local
from siyu.journeys.definition import Clock
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.until_time import Weekday, staying_until, weekdays_in_words


class WindowSettings(Settings, frozen=True):
    """Hours half-open [from, to) of one day, or exactly at a minute (`at`); `weekdays` 1 (Monday) to 7, none: every day."""

    from_: Clock | None = field(default="09:00", name="from")
    to: Clock | None = "21:00"
    weekdays: tuple[Weekday, ...] = ()
    at: Clock | None = None

    @property
    def window(self) -> local.Window:
        begin, end, exact = (None if clock is None else local.minute_of(clock) for clock in (self.from_, self.to, self.at))
        return local.Window(begin, end, self.weekdays, exact)

    def words(self) -> Text:
        days = weekdays_in_words(self.weekdays)
        hours = self.at or (f"{self.from_}–{self.to}" if self.from_ and self.to else "")
        return Text(" ".join(filter(None, [days.zh, hours])), " ".join(filter(None, [days.en, hours])))

    def faults(self, where: str) -> list[Fault]:
        if self.at is not None:
            return []
        if (self.from_ is None) != (self.to is None):
            return [Fault(f"{where}.{'to' if self.to is None else 'from'}", Text("开始和结束要一起填，或都不填", "give both the beginning and the end, or neither"))]
        if self.from_ is not None and self.to is not None and local.minute_of(self.from_) >= local.minute_of(self.to):
            return [Fault(f"{where}.to", Text("要晚于开始时间；时段不跨过午夜", "must be later than the beginning; a window does not run over midnight"))]
        if not self.weekdays and self.from_ is None:
            return [Fault(f"{where}.weekdays", Text("选几点到几点，或选星期几", "choose hours, or weekdays"))]
        return []


class Window(Step):
    kind = "window"
    label = Text("只在这些时段", "Only at these hours")
    description = Text("在客户当地的这些钟点和星期几才往下走；已在时段内的人立刻走", "people go on only at these hours and weekdays where they live; whoever is within them goes on at once")
    group = "wait"
    Settings = WindowSettings
    waits = True

    def check(self, tx: Connection, settings: WindowSettings, field: str) -> list[Fault]:
        return settings.faults(field)

    def advance(self, ctx: Context, settings: WindowSettings, people: People) -> Moves:
        # From now, not from the arrival: whoever is looked at late must not go on outside the hours.
        return staying_until(local.within(ctx.zones(people.customer_id), people.all(ctx.now_ms), settings.window), ctx.now_ms)

    def sentence(self, settings: WindowSettings) -> Text:
        words = settings.words()
        return Text(f"只在当地 {words.zh}", f"only at {words.en}, local time")


STEP = Window()
