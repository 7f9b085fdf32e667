"""What may stand in a message to customers: text in bytes, up to nine attachments, each with its own fields."""

from __future__ import annotations

from collections.abc import Callable

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.media import is_own_image, medium
from siyu_sandbox.wecom.world import Corp


def content(corp: Corp, body: Json, most_bytes: int | None = None) -> Json:
    """The checked `text` and `attachments` of a call; at least one must be there."""
    text = checks.text(checks.record(body, "text"), "content")
    checks.at_most_bytes(text, most_bytes or corp.limits.message_bytes, "text.content")
    listed = checks.records(body, "attachments")
    if not text and not listed:
        raise Refusal(40058, "text and attachments both empty")
    if len(listed) > corp.limits.attachments:
        raise Refusal(41064, "attachments over limit")
    found: Json = {"text": {"content": text}} if text else {}
    if listed:
        found["attachments"] = [attachment(corp, one) for one in listed]
    return found


def attachment(corp: Corp, given: Json) -> Json:
    """One attachment; it needs the object that its msgtype names."""
    kind = str(given.get("msgtype"))
    if kind not in CHECKS:
        raise Refusal(41065, "invalid attachments msgtype")
    inner = given.get(kind)
    if not isinstance(inner, dict):
        raise Refusal(41065, f"{kind} missing")
    CHECKS[kind](corp, inner)
    return {"msgtype": kind, kind: inner}


def image(corp: Corp, given: Json) -> None:
    """media_id wins over pic_url; pic_url comes only from uploadimg."""
    if given.get("media_id"):
        medium(corp, given["media_id"], ("image",))
    elif not is_own_image(corp, given.get("pic_url")):
        raise Refusal(40007, "invalid media_id")


def link(corp: Corp, given: Json) -> None:
    """A title and a URL."""
    title = checks.text(given, "title", 40058)
    checks.at_most_bytes(title, corp.limits.link_title_bytes, "link.title")
    checks.at_most_bytes(checks.text(given, "desc"), corp.limits.link_description_bytes, "link.desc")
    address = checks.text(given, "url", 41010)
    if not address.startswith(("http://", "https://")):
        raise Refusal(40058, "invalid link.url")


def mini_program(corp: Corp, given: Json) -> None:
    """Title, cover, appid and page."""
    title = checks.text(given, "title", 40058)
    checks.at_most_bytes(title, corp.limits.mini_program_title_bytes, "miniprogram.title")
    medium(corp, given.get("pic_media_id"), ("image",))
    checks.text(given, "appid", 40058)
    checks.text(given, "page", 40058)


def video(corp: Corp, given: Json) -> None:
    """An uploaded video."""
    medium(corp, given.get("media_id"), ("video",))


def file(corp: Corp, given: Json) -> None:
    """An uploaded file."""
    medium(corp, given.get("media_id"), ("file",))


CHECKS: dict[str, Callable[[Corp, Json], None]] = {
    "image": image,
    "link": link,
    "miniprogram": mini_program,
    "video": video,
    "file": file,
}
