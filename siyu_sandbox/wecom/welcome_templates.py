"""Welcome templates of groups (入群欢迎语素材): one text and one attachment; a staff member binds it to a group."""

from __future__ import annotations

from dataclasses import dataclass

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks, messages
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp

# When several are given, the first of these counts.
PRIORITY = ("image", "link", "miniprogram", "file", "video")


@dataclass
class Template:
    """One template; only the app that made it may change it."""

    agentid: int
    content: Json


class Templates:
    """The templates of a corp."""

    def __init__(self) -> None:
        self.all: dict[str, Template] = {}


def _content(corp: Corp, body: Json) -> Json:
    text = checks.text(checks.record(body, "text"), "content")
    checks.at_most_bytes(text, corp.limits.group_welcome_bytes, "text.content")
    kind = next((one for one in PRIORITY if body.get(one)), None)
    if not text and kind is None:
        raise Refusal(40058, "text and attachment both empty")
    found: Json = {"text": {"content": text}} if text else {}
    if kind:
        found |= {kind: messages.attachment(corp, {"msgtype": kind, kind: body[kind]})[kind]}
    return found


def add(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST group_welcome_template/add."""
    shelf = caller.corp.shelf(Templates)
    if len(shelf.all) >= caller.corp.limits.welcome_templates:
        raise Refusal(41055, "welcome template over limit")
    content = _content(caller.corp, body)
    template_id = new_id("msg")
    shelf.all[template_id] = Template(checks.whole(body, "agentid", caller.app.agentid), content)
    return {"template_id": template_id}


def _template(caller: Caller, body: Json) -> Template:
    template_id = checks.text(body, "template_id", 40058)
    found = caller.corp.shelf(Templates).all.get(template_id)
    if found is None:
        raise Refusal(40058, "invalid template_id")
    if found.agentid != caller.app.agentid:
        raise Refusal(41058, "no privilege to edit the template")
    return found


def edit(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST group_welcome_template/edit."""
    _template(caller, body).content = _content(caller.corp, body)


def get_template(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST group_welcome_template/get: POST it is, whatever some summaries say."""
    return _template(caller, body).content


def delete(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST group_welcome_template/del."""
    _template(caller, body)
    del caller.corp.shelf(Templates).all[body["template_id"]]


ENDPOINTS = (
    post("externalcontact/group_welcome_template/add", add),
    post("externalcontact/group_welcome_template/edit", edit),
    post("externalcontact/group_welcome_template/get", get_template),
    post("externalcontact/group_welcome_template/del", delete),
)
