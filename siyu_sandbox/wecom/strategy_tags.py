"""Tags of rule groups (规则组标签): like corp tags, each in the library of one `strategy_id`."""

from __future__ import annotations

from siyu_sandbox.registry import Json
from siyu_sandbox.wecom import checks, tags
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.tags import TagLibrary
from siyu_sandbox.wecom.world import Caller


def listing(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_strategy_tag_list {strategy_id, tag_id, group_id}; without a strategy, all of them."""
    library = caller.corp.shelf(TagLibrary)
    wanted = checks.whole(body, "strategy_id", 0)
    known = {
        number: group
        for number, group in library.groups.items()
        if group.strategy_id and wanted in (0, group.strategy_id)
    }
    rows = tags.chosen(library, known, body)
    return {"tag_group": [{**row, "strategy_id": known[row["group_id"]].strategy_id} for row in rows]}


def add(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST add_strategy_tag {strategy_id, group_id | group_name, tag}."""
    return tags.add_in(caller.corp, checks.whole(body, "strategy_id"), body)


ENDPOINTS = (
    post("externalcontact/get_strategy_tag_list", listing),
    post("externalcontact/add_strategy_tag", add),
    post("externalcontact/edit_strategy_tag", tags.edit_tag),
    post("externalcontact/del_strategy_tag", tags.delete_tag),
)
