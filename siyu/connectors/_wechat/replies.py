"""Passive replies 被动回复: the answer to a push, within five seconds. Their fields go to `Callback.reply`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from siyu.connectors.vendor import Fields

NOTHING = b"success"
"""Received, and no answer: anything else that cannot be read shows the person an error."""
MOST_ARTICLES = 8


@dataclass(frozen=True)
class Article:
    title: str
    description: str = ""
    picture_url: str = ""
    url: str = ""


@dataclass(frozen=True)
class Answer:
    """To whom, from whom, and when: the head of each reply."""

    to: str
    sender: str
    at: datetime

    @classmethod
    def to_push(cls, fields: Fields, at: datetime) -> Answer:
        """The head of an answer to a push."""
        return cls(str(fields.get("FromUserName", "")), str(fields.get("ToUserName", "")), at)

    def text(self, content: str) -> Fields:
        return self._fields("text", {"Content": content})

    def image(self, media_id: str) -> Fields:
        return self._fields("image", {"Image": {"MediaId": media_id}})

    def voice(self, media_id: str) -> Fields:
        return self._fields("voice", {"Voice": {"MediaId": media_id}})

    def video(self, media_id: str, title: str = "", description: str = "") -> Fields:
        return self._fields(
            "video", {"Video": _given(MediaId=media_id, Title=title, Description=description)}
        )

    def music(
        self, title: str, description: str, thumb_media_id: str, url: str = "", hq_url: str = ""
    ) -> Fields:
        content = _given(
            Title=title, Description=description, ThumbMediaId=thumb_media_id, MusicUrl=url, HQMusicUrl=hq_url
        )
        return self._fields("music", {"Music": content})

    def news(self, articles: Sequence[Article]) -> Fields:
        """To a text, a picture or a menu click one article is shown, to others up to eight."""
        rows = [
            _given(Title=one.title, Description=one.description, PicUrl=one.picture_url, Url=one.url)
            for one in articles
        ]
        shown = rows[:MOST_ARTICLES]
        return self._fields("news", {"ArticleCount": len(shown), "Articles": {"item": shown}})

    def transfer(self, kf_account: str = "") -> Fields:
        """Hand the conversation over to staff at the vendor's own desk, to one of them if named."""
        return self._fields(
            "transfer_customer_service", {"TransInfo": {"KfAccount": kf_account}} if kf_account else {}
        )

    def _fields(self, kind: str, content: Fields) -> Fields:
        head = {"ToUserName": self.to, "FromUserName": self.sender, "CreateTime": int(self.at.timestamp())}
        return {**head, "MsgType": kind, **content}


def _given(**values: str) -> Fields:
    return {name: value for name, value in values.items() if value}
