"""What the brand has to say: the contents that ship with the package (`contents.csv`)."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Content:
    """One piece of content; `months` are the calendar months it fits, empty for all year."""

    content_id: str
    title: str
    kind: str
    purpose: str
    category: str | None
    months: tuple[int, ...]
    text: str
    """What is said beside the title; `{{name}}` stands for the person's name."""

    def fits(self, purpose: str, month: int) -> bool:
        """Tell whether a broadcast of this purpose may carry it in a calendar month."""
        return self.purpose == purpose and (not self.months or month in self.months)


@cache
def load_contents() -> tuple[Content, ...]:
    """Read the contents in the order of the file."""
    text = (resources.files(__package__) / "contents.csv").read_text(encoding="utf-8")
    return tuple(
        Content(
            row["content_id"],
            row["title"],
            row["kind"],
            row["purpose"],
            row["category"] or None,
            tuple(int(month) for month in row["months"].split()),
            row["text"],
        )
        for row in csv.DictReader(text.splitlines())
    )
