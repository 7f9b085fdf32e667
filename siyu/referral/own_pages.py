"""Own pages 邀请页与进度页: what the two pages show and take in; whose they are says the token alone."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, select

from siyu.carriers import contact_ways
from siyu.events import log
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.events.identifiers import identify, people_seen, sighting
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.errors import Fault, InvalidError, NotFoundError, SiyuError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current_one
from siyu.identity.identifiers import primary_keys
from siyu.loyalty import coupons
from siyu.loyalty.coupons import Coupon
from siyu.referral import _tables, friends, groups, invitations, programmes, showing, tracing
from siyu.referral.friends import Arrival
from siyu.referral.groups import Group
from siyu.referral.invitations import Invitation
from siyu.referral.programmes import Programme

MOST_SHOWN = 50
_f = _tables.friend


@dataclass(frozen=True)
class Invited:
    """`code`: the address of the picture of the inviter's live code, '' without. `held`: coupons that rewards name."""

    invitation: Invitation
    programme: Programme
    group: Group | None
    code: str
    held: dict[int, Coupon]


def invited(stores: Stores, token: str) -> Invited:
    """What a friend who opens an invitation is shown.

    Raises
    ------
    NotFoundError
    """
    ticket = invitations.open_token(stores, token, invitations.INVITE)
    with stores.ledger.read() as tx:
        invitation = invitations.find(tx, ticket.link_id)
        programme = programmes.find(tx, invitation.programme_id)
        group = groups.newest(tx, [invitation.id]).get(invitation.id) if programme.mode == "group" else None
        return Invited(invitation, programme, group, _code(tx, invitation), _coupons(tx, programme))


def visited(stores: Stores, shown: Invited, visitor: int, known_key: int) -> None:
    """A browser opened it. Whom the Official Account names has come."""
    now_ms = to_ms(stores.now())
    if not shown.programme.is_open(now_ms):
        return
    with stores.ledger.read() as tx:
        seen = tx.scalar(select(_tables.visit.c.at_ms).where(_tables.visit.c.invitation_id == shown.invitation.id, _tables.visit.c.visitor == visitor)) is not None
    if seen and not known_key:
        return
    with stores.ledger.begin() as tx:
        if invitations.visited(tx, shown.invitation.id, visitor, now_ms):
            tracing.visited(stores, tx, shown.programme, shown.invitation.id, visitor, now_ms)
        if known_key:
            _arrived(stores, tx, shown, known_key, "openid", visitor, now_ms)


def left_number(stores: Stores, shown: Invited, phone: str, *, agreed: bool, visitor: int) -> None:
    """Somebody typed a number. It is not proven to be theirs, so it links nobody to anybody: rewards wait until whoever has it is real.

    Raises
    ------
    InvalidError
    """
    now_ms = to_ms(stores.now())
    if not shown.programme.is_open(now_ms):
        raise InvalidError(Text("活动没有开放", "the programme is not open"), faults=[Fault("phone", showing.ENDED)])
    column = identify(stores.secrets, "phone", pa.array([phone], pa.string()))
    key = int(column.keys[0].as_py())
    if not key:
        raise InvalidError(Text("手机号有误", "that is no number"), faults=[Fault("phone", Text("请填写正确的手机号", "please check the number"))])
    if not agreed:
        raise InvalidError(Text("需要同意", "consent is needed"), faults=[Fault("agreed", Text("请勾选同意", "please tick that you agree"))])
    with stores.ledger.begin() as tx:
        seen = sighting(column, column.keys, pa.array([now_ms], pa.int64()))
        log.append(tx, PEOPLE_SEEN, people_seen(stores.secrets, seen), now=stores.now())
        _arrived(stores, tx, shown, key, "phone", visitor, now_ms)


def _arrived(stores: Stores, tx: Connection, shown: Invited, key: int, how: str, visitor: int, now_ms: int) -> None:
    friends.arrived(stores, tx, [Arrival(shown.invitation.id, key, now_ms, how, visitor)])
    tracing.came(stores, tx, shown.programme, [(shown.invitation.id, key, visitor, now_ms)])


def own(stores: Stores, token: str, lang: str, brand: str, *, looks: bool) -> str:
    """An inviter's own page. Who looks for the first time may invite from now on; a program that fetches it changes nothing.

    Raises
    ------
    NotFoundError
    """
    programme, person = _whose(stores, token)
    is_open = programme.is_open(to_ms(stores.now()))
    with stores.ledger.read() as tx:
        invitation = invitations.of_person(tx, programme.id, person)
    if invitation is None and is_open and looks:
        with stores.ledger.begin() as tx:
            invitation = invitations.open_for(stores, tx, programme, [person])[person]
            tracing.mark(stores, tx, programme, [invitation])
    with stores.ledger.read() as tx:
        rows = tx.execute(
            select(_f.c.at_ms, _f.c.state, _f.c.void, _f.c.barred, _f.c.review).where(_f.c.programme_id == programme.id, _f.c.inviter_id == person).order_by(_f.c.at_ms.desc(), _f.c.id.desc())
        ).all()
        group = groups.newest(tx, [invitation.id]).get(invitation.id) if invitation and programme.mode == "group" else None
        held = _coupons(tx, programme)
    said = [(row.at_ms, row.void or row.barred or (row.review if row.review in ("held", "refused") else row.state)) for row in rows]
    real = sum(state in ("real", "final") for _, state in said)
    link = invitations.invite_address(stores, invitation.id) if invitation else ""
    terms = programme.terms
    steps = [{"friends": step.friends, "done": real >= step.friends, "reward": _words(step.reward, held, lang)} for step in terms.steps] if programme.mode == "task" else []
    each = showing.reward_words(terms.inviter, held)
    return showing.page(
        "progress.html", lang, title=terms.title.to(lang), said=terms.words.to(lang), brand=brand, both=bool(terms.title.en), token=token, real=real,
        waiting=sum(state == "waiting" for _, state in said), top=terms.steps[-1].friends if steps else 0, steps=steps,
        reward=showing.t_of(lang)(f"每位成真的好友：{each.zh}", f"for each real friend: {each.en}") if each and programme.mode == "invite" else _words(terms.inviter, held, lang),
        group=showing.group_words(stores, group, lang) if group else None, can_open=programme.mode == "group" and is_open and not programme.is_full and invitation is not None and (group is None or group.state != "open"),
        shown=bool(link) and (programme.mode != "group" or group is not None), link=link, qr=showing.qr_svg(link) if link else "", closed="" if is_open else showing.ENDED.to(lang),
        friends=[{"on": f"{stores.calendar.on(from_ms(at)):%m-%d}", "state": showing.STATES[state].to(lang), "done": state in ("real", "final")} for at, state in said[:MOST_SHOWN]],
        rules=showing.rules(programme).to(lang),
    )  # fmt: skip


def begin_group(stores: Stores, token: str) -> Group:
    """
    Raises
    ------
    NotFoundError, ConflictError
    """
    programme, person = _whose(stores, token)
    with stores.ledger.begin() as tx:
        programme = programmes.find(tx, programme.id, hold=True)
        invitation = invitations.open_for(stores, tx, programme, [person])[person]
        return groups.begin(stores, tx, programme, invitation)


def poster(stores: Stores, token: str, lang: str, brand: str) -> str:
    """
    Raises
    ------
    NotFoundError
    """
    programme, person = _whose(stores, token)
    with stores.ledger.read() as tx:
        invitation = invitations.of_person(tx, programme.id, person)
        held = _coupons(tx, programme)
    if invitation is None:
        raise NotFoundError(Text("还没有邀请", "there is no invitation yet"), way_out=Text("先打开自己的邀请页", "open your own page first"))
    gift = showing.reward_words(programme.terms.friend, held)
    lines = [*showing.wrapped(programme.terms.title.to(lang), 13, 2), *(showing.wrapped(gift.to(lang), 20, 2) if gift else [])]
    return showing.poster(invitations.invite_address(stores, invitation.id), lines, brand)


def invitation_page(stores: Stores, shown: Invited, lang: str, brand: str, *, wechat: bool, sent: bool, fault: str, given: str) -> str:
    programme, group = shown.programme, shown.group
    terms = programme.terms
    closed = ""
    if not programme.is_open(to_ms(stores.now())):
        closed = showing.ENDED.to(lang)
    elif programme.is_full and not sent:
        closed = showing.FULL.to(lang)
    elif programme.mode == "group" and not sent and (group is None or group.state != "open" or to_ms(stores.now()) >= group.until_ms or group.members + 1 >= group.size):
        closed = showing.t_of(lang)("这个团已满或已结束，可以请朋友再开一个。", "This group is full or over; ask your friend to open another.")
    return showing.page(
        "invite.html", lang, title=terms.title.to(lang), said=terms.words.to(lang), brand=brand, both=bool(terms.title.en), reward=_words(terms.friend, shown.held, lang),
        when=showing.conditions(terms).to(lang), group=showing.group_words(stores, group, lang) if group else None, closed=closed, sent=sent, code=shown.code, wechat=wechat,
        add_url=terms.add_url, fault=fault, given=given, rules=showing.rules(programme).to(lang),
    )  # fmt: skip


def _words(reward: object, held: dict[int, Coupon], lang: str) -> str:
    said = showing.reward_words(reward, held)  # type: ignore[arg-type]
    return said.to(lang) if said else ""


def _whose(stores: Stores, token: str) -> tuple[Programme, int]:
    ticket = invitations.open_token(stores, token, invitations.PROGRESS)
    with stores.ledger.read() as tx:
        programme, person = programmes.find(tx, ticket.link_id), current_one(tx, ticket.person)
        if person not in primary_keys(tx, [person]) or programme.status == "draft":
            raise NotFoundError(Text("链接已失效", "the link has ended"), way_out=Text("请联系我们要一个新的链接", "ask us for a new one"))
    return programme, person


def _code(tx: Connection, invitation: Invitation) -> str:
    if not invitation.way_id:
        return ""
    try:
        return contact_ways.find_way(tx, invitation.account_id, invitation.way_id).qr_code or ""
    except SiyuError:
        return ""


def _coupons(tx: Connection, programme: Programme) -> dict[int, Coupon]:
    one = programme.terms
    wanted = {each.coupon_id for each in (one.friend, one.inviter, *(step.reward for step in one.steps)) if each.kind == "coupon"}
    return coupons.find_some(tx, sorted(wanted))
