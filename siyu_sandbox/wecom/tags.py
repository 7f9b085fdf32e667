"""Corp tags (企业标签): the library of groups and tags, and marks on relations."""

from __future__ import annotations

from dataclasses import dataclass, field

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.relations import ONE_WAY
from siyu_sandbox.wecom.world import Caller, Corp

MOST_ORDER = 2**32 - 1
CORP_TAG, STRATEGY_TAG = 1, 3


@dataclass
class Tag:
    """One tag of a group."""

    id: str
    name: str
    created: int
    order: int = 0


@dataclass
class Group:
    """A tag group; it lives as long as it has tags. `strategy_id` 0 is the corp's own library."""

    id: str
    name: str
    created: int
    order: int = 0
    strategy_id: int = 0
    tags: dict[str, Tag] = field(default_factory=dict)

    def shown(self, only: set[str] | None = None) -> Json:
        """The group as the vendor answers it."""
        tags = [tag for tag in self.tags.values() if only is None or tag.id in only]
        return {
            "group_id": self.id,
            "group_name": self.name,
            "create_time": self.created,
            "order": self.order,
            "deleted": False,
            "tag": [
                {"id": t.id, "name": t.name, "create_time": t.created, "order": t.order, "deleted": False}
                for t in tags
            ],
        }


class TagLibrary:
    """All groups of a corp."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.group_of: dict[str, Group] = {}

    def on_customer(self, tag_id: str) -> Json:
        """A mark as externalcontact/get answers it."""
        group = self.group_of[tag_id]
        return {
            "group_name": group.name,
            "tag_name": group.tags[tag_id].name,
            "tag_id": tag_id,
            "type": STRATEGY_TAG if group.strategy_id else CORP_TAG,
        }

    def add(self, group: Group, name: str, order: int, second: int) -> Tag:
        """A new tag in a group."""
        tag = Tag(new_id("et"), name, second, order)
        group.tags[tag.id] = tag
        self.group_of[tag.id] = group
        return tag

    def make_group(self, name: str, order: int, second: int, strategy_id: int = 0) -> Group:
        """A new group."""
        group = Group(new_id("et"), name, second, order, strategy_id)
        self.groups[group.id] = group
        return group

    def of_strategy(self, strategy_id: int) -> dict[str, Group]:
        """The groups of one rule group, or the corp's own (0)."""
        return {number: group for number, group in self.groups.items() if group.strategy_id == strategy_id}

    def remove(self, corp: Corp, tag_ids: set[str]) -> None:
        """Tags go, from every customer too; a group left empty goes with them."""
        for tag_id in tag_ids:
            group = self.group_of.pop(tag_id)
            del group.tags[tag_id]
            if not group.tags:
                self.groups.pop(group.id, None)
        for detail in corp.relations.details.values():
            if tag_ids & set(detail.tags):
                detail.tags = [tag for tag in detail.tags if tag not in tag_ids]


def _order(record: Json) -> int:
    order = checks.whole(record, "order", 0)
    if not 0 <= order <= MOST_ORDER:
        raise Refusal(40058, "invalid order")
    return order


def _name(corp: Corp, record: Json, key: str) -> str:
    name = checks.text(record, key, 40071)
    return checks.at_most_characters(name, corp.limits.tag_name_characters, key, 40071)


def tag_list(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_corp_tag_list {tag_id, group_id}; group_id wins, both empty is everything."""
    library = caller.corp.shelf(TagLibrary)
    return {"tag_group": chosen(library, library.of_strategy(0), body)}


def chosen(library: TagLibrary, known: dict[str, Group], body: Json) -> list[Json]:
    """The groups that a list call asks for, among those it may see."""
    groups, tags = checks.strings(body, "group_id"), set(checks.strings(body, "tag_id"))
    if groups:
        return [known[one].shown() for one in groups if one in known]
    if tags:
        holding = {library.group_of[tag].id for tag in tags if tag in library.group_of}
        return [group.shown(tags) for group in known.values() if group.id in holding]
    return [group.shown() for group in known.values()]


def add_tag(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST add_corp_tag {group_id | group_name, order, tag:[{name, order}]}."""
    return add_in(caller.corp, 0, body)


def add_in(corp: Corp, strategy_id: int, body: Json) -> Json:
    """Add tags to a group of one rule group, or of the corp."""
    library, second = corp.shelf(TagLibrary), corp.box.clock.second()
    wishes = checks.records(body, "tag")
    if not wishes:
        raise Refusal(40058, "tag missing")
    names = list(dict.fromkeys((_name(corp, one, "name"), _order(one)) for one in wishes))
    if len(library.group_of) + len(names) > corp.limits.tags:
        raise Refusal(40126, "corp tag over limit")
    group = _group(corp, library, body, second, strategy_id)
    known = {tag.name for tag in group.tags.values()}
    if clash := known & {name for name, _ in names}:
        raise Refusal(40071, f"tag name existed: {sorted(clash)[0]}")
    made = {library.add(group, name, order, second).id for name, order in names}
    return {"tag_group": group.shown(made)}


def _group(corp: Corp, library: TagLibrary, body: Json, second: int, strategy_id: int) -> Group:
    """The group meant: by id, else by name, else a new one."""
    known = library.of_strategy(strategy_id)
    if group_id := checks.text(body, "group_id"):
        if group_id not in known:
            raise Refusal(40068, "invalid group_id")
        return known[group_id]
    name = _name(corp, body, "group_name")
    same = next((group for group in known.values() if group.name == name), None)
    return same or library.make_group(name, _order(body), second, strategy_id)


def edit_tag(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST edit_corp_tag {id, name, order}; id is a tag's or a group's."""
    corp, library = caller.corp, caller.corp.shelf(TagLibrary)
    number = checks.text(body, "id", 40068)
    group = library.groups.get(number)
    inside = library.group_of.get(number)
    item: Tag | Group | None = group or (inside.tags[number] if inside else None)
    if item is None:
        raise Refusal(40068, "invalid tag id")
    if "name" in body:
        name = _name(corp, body, "name")
        beside = library.of_strategy(group.strategy_id) if group else {}
        others = inside.tags.values() if inside else beside.values()
        if any(one.name == name and one.id != number for one in others):
            raise Refusal(40071, "name existed")
        item.name = name
    if "order" in body:
        item.order = _order(body)


def delete_tag(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST del_corp_tag {tag_id, group_id}."""
    corp, library = caller.corp, caller.corp.shelf(TagLibrary)
    groups, tags = checks.strings(body, "group_id"), set(checks.strings(body, "tag_id"))
    if not groups and not tags:
        raise Refusal(40058, "tag_id and group_id both empty")
    if unknown := (tags - set(library.group_of)) | (set(groups) - set(library.groups)):
        raise Refusal(40068, f"invalid tag id {sorted(unknown)[0]}")
    for group_id in groups:
        tags |= set(library.groups[group_id].tags)
    library.remove(corp, tags)


def mark_tag(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST mark_tag {userid, external_userid, add_tag, remove_tag}."""
    corp, library = caller.corp, caller.corp.shelf(TagLibrary)
    staff = corp.member(checks.text(body, "userid", 40003), 40003)
    phone = corp.contact(body.get("external_userid"))
    row = corp.relations.find(staff.number, phone)
    if row is None or corp.relations.status[row] > ONE_WAY:
        raise Refusal(84061, "not external contact")
    added, removed = checks.strings(body, "add_tag"), set(checks.strings(body, "remove_tag"))
    if not added and not removed:
        raise Refusal(40058, "add_tag and remove_tag both empty")
    if unknown := (set(added) | removed) - set(library.group_of):
        raise Refusal(40068, f"invalid tagid {sorted(unknown)[0]}")
    detail = corp.relations.detail(row)
    marks = [tag for tag in dict.fromkeys(detail.tags + added) if tag not in removed]
    if len(marks) > corp.limits.tags_per_relation:
        raise Refusal(40126, "too many tags on a customer")
    detail.tags = marks


ENDPOINTS = (
    post("externalcontact/get_corp_tag_list", tag_list),
    post("externalcontact/add_corp_tag", add_tag),
    post("externalcontact/edit_corp_tag", edit_tag),
    post("externalcontact/del_corp_tag", delete_tag),
    post("externalcontact/mark_tag", mark_tag),
)
