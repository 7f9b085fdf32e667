"""WeCom, as the server takes it."""

from __future__ import annotations

from siyu_sandbox.registry import Product
from siyu_sandbox.wecom import (
    actions,
    behaviour,
    contacts,
    control,
    load,
    media,
    population,
    staff_actions,
    tags,
    team,
    tokens,
    ways,
    welcome,
)
from siyu_sandbox.wecom.world import WecomWorld

SUBJECTS = (tokens, team, contacts, tags, ways, welcome, media, behaviour)

WECOM = Product(
    name="wecom",
    world=WecomWorld,
    endpoints=[endpoint for subject in SUBJECTS for endpoint in subject.ENDPOINTS],
    control=(*control.CONTROLS, *staff_actions.CONTROLS, *population.CONTROLS, *load.CONTROLS),
    scan=actions.scan,
    actions=actions.ACTIONS,
)
