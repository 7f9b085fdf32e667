"""Gateway 短信网关: a definition put to use: the request of a message, what its answer means, what is pushed back."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from siyu.connectors._definitions import fill, fill_text, pick, signed, write_time
from siyu.connectors._http import Outgoing, Reply
from siyu.connectors.errors import Known, Throttled, Unavailable, refusal
from siyu.connectors.sms.definition import Definition
from siyu.connectors.sms.messages import Message, written
from siyu.foundation.text import Text

_log = logging.getLogger(__name__)
API = "sms/send"
_SAYS = {
    "throttled": Text("短信网关限流", "the SMS gateway throttles"),
    "unavailable": Text("短信网关暂时不可用", "the SMS gateway is not available just now"),
    "refused": Text("短信被拒绝", "the message is refused"),
    "account_restricted": Text("短信账号受限", "the SMS account is restricted"),
    "bad_credentials": Text(
        "短信网关不接受密钥或签名", "the SMS gateway does not accept the key or the signature"
    ),
}
_FIX = {
    "account_restricted": Text(
        "到网关后台查看余额、签名与账号状态", "see balance, signature and state of the account at the gateway"
    ),
    "bad_credentials": Text(
        "核对 AppKey、密钥与服务器时间", "compare the key and the secret, and the server's clock"
    ),
}


class Gateway:
    """One account at the gateway that `definition` describes."""

    def __init__(self, definition: Definition, app_key: str, secret: str, base_url: str) -> None:
        self.definition = definition
        self._own = {name: value for name, value in definition.request.fields.items() if "{sign}" not in str(value)}
        """What is signed: the signature stands in the other fields."""
        self._account = {
            **definition.constants,
            "app_key": app_key,
            "secret": secret,
            "base_url": base_url.rstrip("/"),
            "basic": base64.b64encode(f"{app_key}:{secret}".encode()).decode(),
        }

    def __repr__(self) -> str:
        return f"Gateway({self.definition.name})"

    def request(self, message: Message, now: datetime) -> Outgoing:
        """The call for one message (which was checked)."""
        request, zone = self.definition.request, ZoneInfo(self.definition.zone)
        params = dict(message.params)
        values: dict[str, Any] = {
            **self._account,
            "timestamp": write_time(now, request.timestamp, zone),
            "nonce": token_hex(8),
            "id": message.id,
            "phone": written(message.phone, request.phone),
            "template": message.template,
            "text": message.text,
            "params": params,
            "params_json": json.dumps(params, ensure_ascii=False, separators=(",", ":")),
            "params_list": list(params.values()),
            "sign": "",
        }
        values["sign"] = signed(self.definition.sign, values, fill(self._own, values))
        fields = fill(request.fields, values)
        headers = {name: fill_text(value, values) for name, value in request.headers.items()}
        return self._outgoing(fill_text(request.url, values), headers, fields)

    def _outgoing(self, url: str, headers: dict[str, str], fields: dict[str, Any]) -> Outgoing:
        request = self.definition.request
        if request.body == "query":
            return Outgoing(
                request.method, url, {name: str(value) for name, value in fields.items()}, headers
            )
        kind = (
            "application/json; charset=utf-8"
            if request.body == "json"
            else "application/x-www-form-urlencoded"
        )
        content = json.dumps(fields, ensure_ascii=False) if request.body == "json" else urlencode(fields)
        return Outgoing(request.method, url, {}, {"content-type": kind, **headers}, content.encode())

    def message_id(self, reply: Reply, now: datetime) -> str:
        """The gateway's name of the message it took; one of the five kinds where it did not."""
        fields = _decoded(reply)
        answer = self.definition.answer
        code = pick(fields, answer.code)
        if code is None:
            raise self._unreadable(reply, now)
        if _text(code) in answer.success:
            return _text(pick(fields, answer.message_id)) if answer.message_id else ""
        words = _text(pick(fields, answer.message)) if answer.message else ""
        raise self._refused(_text(code), words, now)

    def _refused(self, code: str, words: str, now: datetime) -> Exception:
        kind = self.definition.answer.kinds.of(code)
        if kind is None:
            _log.warning("unknown code %s of the SMS gateway %s: %s", code, self.definition.name, words)
            says = Text(
                f"短信网关返回未知代码 {code}", f"the SMS gateway answers with the unknown code {code}"
            )
            return refusal(Known("unavailable", says), code=code, vendor_message=words, api=API, retry_at=now)
        says = Text(f"{_SAYS[kind].zh}({code} {words})", f"{_SAYS[kind].en} ({code} {words})")
        retry_at = now + timedelta(seconds=self.definition.answer.retry_seconds)
        return refusal(
            Known(kind, says, _FIX.get(kind)), code=code, vendor_message=words, api=API, retry_at=retry_at
        )

    def _unreadable(self, reply: Reply, now: datetime) -> Exception:
        """An answer without a code: its HTTP status is all there is."""
        code = f"http_{reply.status}"
        retry_at = now + timedelta(seconds=self.definition.answer.retry_seconds)
        if reply.status == 429:
            return Throttled(_SAYS["throttled"], retry_at, vendor_code=code, api=API)
        if reply.status in (401, 403):
            known = Known("bad_credentials", _SAYS["bad_credentials"], _FIX["bad_credentials"])
            return refusal(known, code=code, vendor_message="", api=API, retry_at=retry_at)
        # A 4xx was refused before it was read; after anything else nobody knows whether the message is out.
        reached = True if 400 <= reply.status < 500 else None
        says = Text(
            f"短信网关的回答无法读取(HTTP {reply.status})",
            f"the SMS gateway's answer cannot be read (HTTP {reply.status})",
        )
        return Unavailable(says, reached=reached, vendor_code=code, api=API)


def _decoded(reply: Reply) -> Mapping[str, Any]:
    try:
        found = json.loads(reply.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:300] if isinstance(value, str | int | float) else ""
