"""WeCom, as the server takes it."""

from __future__ import annotations

from siyu_sandbox.registry import Product
from siyu_sandbox.wecom import (
    actions,
    apps,
    behaviour,
    contacts,
    control,
    conversion,
    desk_api,
    group_actions,
    group_statistics,
    group_transfers,
    groups,
    join_ways,
    links,
    load,
    login,
    media,
    moments,
    population,
    send_api,
    staff_actions,
    strategy_tags,
    tags,
    task_actions,
    team,
    tokens,
    transfers,
    ways,
    welcome,
    welcome_templates,
)
from siyu_sandbox.wecom.world import WecomWorld

CONTACT = (
    contacts,
    conversion,
    tags,
    strategy_tags,
    ways,
    links,
    welcome,
    send_api,
    moments,
    transfers,
    behaviour,
)
GROUPS = (groups, group_statistics, group_transfers, join_ways, welcome_templates)
CORP = (tokens, team, media, apps, login, desk_api)
ACTING = (
    actions.ACTIONS,
    group_actions.PHONE_ACTIONS,
    task_actions.PHONE_ACTIONS,
    desk_api.PHONE_ACTIONS,
)
CONTROLLED = (control, staff_actions, group_actions, task_actions, apps, population, load)

WECOM = Product(
    name="wecom",
    world=WecomWorld,
    endpoints=[endpoint for subject in (*CORP, *CONTACT, *GROUPS) for endpoint in subject.ENDPOINTS],
    control=[route for subject in CONTROLLED for route in subject.CONTROLS],
    scan=actions.scan,
    actions={name: action for one in ACTING for name, action in one.items()},
)
