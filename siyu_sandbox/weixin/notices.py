"""Subscription messages (订阅消息, 订阅通知): the template library, an account's own templates, and what people accepted.

One acceptance of a one-time template (一次性订阅) is the right to one message; a long-term one (长期订阅) lasts until
the person turns it off.
"""

import hashlib
import re
from dataclasses import dataclass, field

ONE_TIME, LONG_TERM = 2, 3
NO_CREDIT = 43101


@dataclass(frozen=True)
class Keyword:
    """A field of a public template: `rule` names the kind of value, such as `thing` or `date`."""

    kid: int
    name: str
    rule: str
    example: str


@dataclass(frozen=True)
class PublicTemplate:
    """A template of the public library (公共模板库)."""

    tid: int
    title: str
    kind: int
    category: int
    keywords: tuple[Keyword, ...]


@dataclass(frozen=True)
class Template:
    """A template that an account took into its own list."""

    template_id: str
    title: str
    kind: int
    scene: str
    keys: tuple[tuple[str, Keyword], ...]

    @property
    def content(self) -> str:
        """The body as the vendor shows it: `名称:{{thing1.DATA}}`."""
        return "\n".join(f"{keyword.name}:{{{{{key}.DATA}}}}" for key, keyword in self.keys)

    @property
    def example(self) -> str:
        """The body filled with the library's examples."""
        return "\n".join(f"{keyword.name}:{keyword.example}" for _, keyword in self.keys)


def _public(tid: int, title: str, kind: int, *keywords: tuple[str, str, str]) -> PublicTemplate:
    made = tuple(Keyword(number, *keyword) for number, keyword in enumerate(keywords, 1))
    return PublicTemplate(tid, title, kind, 307, made)


LIBRARY = {
    template.tid: template
    for template in (
        _public(1001, "订单发货通知", ONE_TIME, ("订单号", "character_string", "20260102001"), ("商品名称", "thing", "正山小种"),
                ("快递公司", "thing", "顺丰速运"), ("发货时间", "time", "2026年1月2日 15:01"), ("金额", "amount", "¥168.00")),
        _public(1002, "优惠券到期提醒", ONE_TIME, ("优惠券名称", "thing", "满100减20"), ("到期时间", "date", "2026年1月9日"),
                ("温馨提示", "thing", "到期后不能使用"), ("数量", "number", "1")),
        _public(1003, "活动开始提醒", ONE_TIME, ("活动名称", "thing", "春茶上新"), ("开始时间", "time", "2026年3月20日 10:00"),
                ("活动门店", "thing", "静安店"), ("状态", "phrase", "已开始")),
        _public(1004, "会员积分变动提醒", ONE_TIME, ("变动数量", "number", "120"), ("当前积分", "number", "860"),
                ("变动原因", "thing", "购物"), ("会员姓名", "name", "王小明"), ("会员手机", "phone_number", "13800000000")),
        _public(1005, "到货提醒", ONE_TIME, ("商品名称", "thing", "白毫银针"), ("价格", "amount", "¥299.00"), ("备注", "thing", "限量供应")),
        _public(1006, "服务进度通知", LONG_TERM, ("服务名称", "thing", "体检报告"), ("进度", "phrase", "已完成"), ("时间", "time", "2026年1月2日 15:01")),
    )
}  # fmt: skip

_DATE = r"\d{4}(年\d{1,2}月\d{1,2}日|[-/.]\d{1,2}[-/.]\d{1,2})"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2})?"
_MOMENT = rf"({_DATE}( {_CLOCK})?|{_CLOCK})"
# The value rules of the official table of subscription messages, by the prefix of the key.
RULES = {
    "thing": re.compile(r".{1,20}", re.DOTALL),
    "number": re.compile(r"-?\d{1,32}(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}"),
    "time": re.compile(rf"{_MOMENT}(~{_MOMENT})?"),
    "date": re.compile(rf"{_DATE}( {_CLOCK})?(~{_DATE}( {_CLOCK})?)?"),
    "amount": re.compile(r"[¥¥$€£]?-?\d{1,10}(\.\d{1,2})?元?"),
    "phone_number": re.compile(r"[\d+()\- ]{1,17}"),
    "car_number": re.compile(r"\w{1,8}"),
    "name": re.compile(r"[\u4e00-\u9fff·]{1,10}|[A-Za-z .\-]{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
}


@dataclass
class Notices:
    """The templates of one account and the acceptances of its people."""

    templates: dict[str, Template] = field(default_factory=dict)
    credits: dict[tuple[str, str], int] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)
    """Turned off in the settings of the phone; an acceptance turns it on again."""

    def add(self, appid: str, tid: int, kids: list[int], scene: str) -> Template:
        """Take a template of the library into the account's list; the same choice gives the same id."""
        public = LIBRARY[tid]
        by_kid = {keyword.kid: keyword for keyword in public.keywords}
        keys = tuple((f"{by_kid[kid].rule}{kid}", by_kid[kid]) for kid in kids)
        template_id = hashlib.sha256(f"{appid}:{tid}:{kids}".encode()).hexdigest()[:43]
        template = Template(template_id, public.title, public.kind, scene, keys)
        self.templates[template_id] = template
        return template

    def answer(self, openid: str, template_id: str, accepted: bool) -> None:
        """Record one answer at the popup (订阅弹窗); each acceptance adds one message."""
        key = (openid, template_id)
        if accepted:
            self.refused.discard(key)
            self.credits[key] = self.credits.get(key, 0) + 1

    def turn_off(self, openid: str, template_id: str) -> None:
        """Record that the person turned the template off in the settings."""
        self.refused.add((openid, template_id))
        self.credits.pop((openid, template_id), None)

    def may(self, openid: str, template: Template) -> bool:
        """Say whether a message of this template may go to the person now."""
        key = (openid, template.template_id)
        return key not in self.refused and self.credits.get(key, 0) > 0

    def use(self, openid: str, template: Template) -> None:
        """Take one acceptance away; a long-term one stays."""
        if template.kind == ONE_TIME:
            self.credits[openid, template.template_id] -= 1


def fault_in(template: Template, data: object) -> str | None:
    """Return what is wrong with the values of a message, in the vendor's words, or None."""
    if not isinstance(data, dict):
        return "argument invalid! data is empty"
    for key, keyword in template.keys:
        entry = data.get(key)
        value = entry.get("value") if isinstance(entry, dict) else None
        if value is None or str(value) == "":
            return f"argument invalid! data.{key}.value is empty"
        if not RULES[keyword.rule].fullmatch(str(value)):
            return f"argument invalid! data.{key}.value invalid"
    return None
