"""Roles 角色 and permissions 权限: fixed sets; a member has one role, a route asks for one permission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from siyu.foundation.text import Text

RoleName = Literal["owner", "operator", "analyst", "guide", "auditor"]

PERMISSIONS = frozenset(
    {
        "customers.read",
        "customers.identifiers",
        "customers.write",
        "customers.export",
        "segments.read",
        "segments.write",
        "reports.read",
        "imports.read",
        "imports.write",
        "jobs.read",
        "jobs.write",
        "events.read",
        "events.write",
        "identity.read",
        "identity.write",
        "team.read",
        "team.write",
        "audit.read",
        "settings.read",
        "backups.write",
        "carriers.read",
        "carriers.write",
        "rights.read",
        "rights.write",
        "consents.write",
        "content.read",
        "content.write",
        "content.approve",
        "loyalty.read",
        "loyalty.write",
        "loyalty.redeem",
        "surveys.read",
        "surveys.write",
        "messaging.read",
        "messaging.write",
        "campaigns.read",
        "campaigns.write",
        "campaigns.approve",
        "journeys.read",
        "journeys.write",
        "journeys.publish",
        "acquisition.read",
        "acquisition.write",
        "acquisition.spend",
        "offers.redeem",
        "referral.read",
        "referral.write",
        "referral.review",
    }
)
_READING = frozenset(name for name in PERMISSIONS if name.endswith(".read"))


@dataclass(frozen=True)
class Role:
    role: RoleName
    name: Text
    permissions: frozenset[str]


ROLES: dict[str, Role] = {
    role.role: role
    for role in (
        Role("owner", Text("所有者", "Owner"), PERMISSIONS),
        Role(
            "operator",
            Text("运营", "Operator"),
            PERMISSIONS - {"team.write", "customers.identifiers", "audit.read", "backups.write", "rights.read", "rights.write"},
        ),
        Role(
            "analyst",
            Text("分析师", "Analyst"),
            _READING - {"team.read", "audit.read", "rights.read"} | {"customers.export"},
        ),
        Role("guide", Text("导购", "Guide"), frozenset({"customers.read"})),
        Role("auditor", Text("审计员", "Auditor"), _READING),
    )
}


def permissions_of(role: str) -> frozenset[str]:
    """What a role may do; an unknown role may do nothing."""
    known = ROLES.get(role)
    return known.permissions if known else frozenset()
