"""How WeCom's handlers become endpoints: trusted IP, permission for customer contact, the two fields of success."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu_sandbox.registry import Answer, Endpoint, Json, Refusal
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom.world import Caller

# handler(caller, query, body); None is success without fields.
WecomHandler = Callable[[Caller, dict[str, str], Json], "Json | Answer | None"]
OK: Json = {"errcode": 0, "errmsg": "ok"}


def post(name: str, handler: WecomHandler) -> Endpoint:
    """A POST endpoint below /cgi-bin/."""
    return _served("POST", name, handler)


def get(name: str, handler: WecomHandler) -> Endpoint:
    """A GET endpoint below /cgi-bin/."""
    return _served("GET", name, handler)


def _served(method: str, name: str, handler: WecomHandler) -> Endpoint:
    needs_contact = name.startswith("externalcontact/")

    def serve(box: Sandbox, caller: Any, query: dict[str, str], body: Json) -> Json | Answer:
        trusted = caller.corp.trusted_ips
        if trusted is not None and query["_ip"] not in trusted:
            raise Refusal(60020, "not allow to access from your ip")
        if needs_contact and not caller.app.allowed:
            raise Refusal(48002, "api forbidden")
        result = handler(caller, query, body)
        return result if isinstance(result, Answer) else {**OK, **(result or {})}

    return Endpoint(method, f"/cgi-bin/{name}", serve, "wecom")
