"""Links 问卷链接: each person's own way to a survey, sealed: nobody can read, alter or guess whose it is."""

from __future__ import annotations

from collections.abc import Sequence

from siyu.content import tokens
from siyu.content.links import public
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

PURPOSE = "survey tokens"


def addresses(stores: Stores, survey_id: int, customer_ids: Sequence[int]) -> list[str]:
    """The address of a survey for each of these people; made again it is the same."""
    base = f"{public(stores.settings)}/s/"
    return [base + token for token in tokens.seal(stores.secrets, survey_id, customer_ids, short=True, purpose=PURPOSE)]


def open_token(stores: Stores, token: str) -> tuple[int, int]:
    """(survey, customer) that a token names.

    Raises
    ------
    NotFoundError
        When it is not one of ours.
    """
    ticket = tokens.open_token(stores.secrets, token, purpose=PURPOSE)
    if ticket is None or ticket.who != "customer":
        raise NotFoundError(Text("链接无效", "the link is not valid"), way_out=Text("请从收到的消息里重新打开", "open it again from the message"))
    return ticket.link_id, ticket.person
