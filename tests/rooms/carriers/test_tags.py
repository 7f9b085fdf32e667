"""Tags of the corp and of customers are brought into line by the stated rule, whoever changes what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from siyu.carriers import tags, tasks
from siyu.connectors.wecom.tags import TagGroup
from siyu.customers.tags import change_tags, tags_of
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import look_up_all
from siyu.river import flow
from tests.makers.corps import Corp, held, open_corp, run_job
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for


@pytest.fixture
def corp(any_stores: Stores, sandbox: SandboxClient) -> Corp:
    return open_corp(any_stores, sandbox, staff_count=3)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


def at_carrier(corp: Corp) -> dict[str, str]:
    """Name → id, as the corp has them now."""
    with tasks.calling(corp.stores) as calls:

        async def read() -> tuple[TagGroup, ...]:
            return await calls.connector(corp.account).tags.list()  # type: ignore[no-any-return]

        return {one.name: one.id for group in calls.run(read()) for one in group.tags}


def here(corp: Corp) -> dict[str, tags.Tag]:
    with corp.stores.ledger.read() as tx:
        return {tag.name: tag for group in tags.list_groups(tx, corp.account.id) for tag in group.tags}


def add(corp: Corp, name: str, siyu_tag: str | None = None, group: str = "等级") -> tags.Tag:
    with corp.stores.ledger.begin() as tx:
        return tags.add(tx, corp.account, group, name, siyu_tag, corp.stores.now())


def there(corp: Corp, act: str, *values: Any, **named: Any) -> Any:
    """Somebody changes the corp's tags by another way than ours."""
    with tasks.calling(corp.stores) as calls:

        async def call() -> Any:
            return await getattr(calls.connector(corp.account).tags, act)(*values, **named)

        return calls.run(call())


def test_tags_made_here_are_made_there_once(corp: Corp) -> None:
    add(corp, "金卡")
    assert here(corp)["金卡"].state == "only_here"
    corp.run(tasks.TAGS)
    corp.run(tasks.TAGS)
    assert here(corp)["金卡"].ref == at_carrier(corp)["金卡"]
    assert len(at_carrier(corp)) == 1


def test_tags_made_there_come_here(corp: Corp) -> None:
    there(corp, "add", ["新客", "老客"], group_name="阶段")
    assert corp.run(tasks.TAGS).result == {"read_count": 2, "new_count": 2, "renamed_count": 0, "missing_count": 0, "sent_count": 0}
    assert {name: tag.state for name, tag in here(corp).items()} == {"新客": "only_there", "老客": "only_there"}


def test_a_rename_on_one_side_goes_to_the_other(corp: Corp) -> None:
    made = there(corp, "add", ["甲", "乙"], group_name="阶段")
    corp.run(tasks.TAGS)
    there(corp, "edit", made.tags[0].id, name="甲一")
    with corp.stores.ledger.begin() as tx:
        tags.change(tx, corp.account, here_in(tx, corp, "乙"), {"name": "乙一"}, corp.stores.now())
    corp.run(tasks.TAGS)
    assert set(here(corp)) == set(at_carrier(corp)) == {"甲一", "乙一"}


def here_in(tx: Any, corp: Corp, name: str) -> tags.Tag:
    return next(tag for group in tags.list_groups(tx, corp.account.id) for tag in group.tags if tag.name == name)


def test_where_both_sides_renamed_the_rule_decides(corp: Corp) -> None:
    """Nobody told when it was renamed there, so it counts as now; a tie is WeCom's."""
    made = there(corp, "add", ["甲"], group_name="阶段")
    corp.run(tasks.TAGS)
    there(corp, "edit", made.tags[0].id, name="那边改的")
    with corp.stores.ledger.begin() as tx:
        tags.change(tx, corp.account, here_in(tx, corp, "甲"), {"name": "这边改的"}, corp.stores.now())
    corp.run(tasks.TAGS)
    assert set(here(corp)) == set(at_carrier(corp)) == {"那边改的"}


def test_what_is_deleted_there_waits_for_somebody(corp: Corp) -> None:
    made = there(corp, "add", ["甲", "乙"], group_name="阶段")
    corp.run(tasks.TAGS)
    there(corp, "delete", [one.id for one in made.tags])
    corp.run(tasks.TAGS)
    assert all(tag.missing_since for tag in here(corp).values())
    with corp.stores.ledger.begin() as tx:
        tags.restore(tx, corp.account, here_in(tx, corp, "甲"), corp.stores.now())
    with tasks.calling(corp.stores) as calls:
        calls.run(tags.remove(calls, corp.account, here(corp)["乙"]))
    corp.run(tasks.TAGS)
    assert {name: tag.missing_since for name, tag in here(corp).items()} == {"甲": None}
    assert set(at_carrier(corp)) == {"甲"}


def customers(corp: Corp) -> dict[str, int]:
    """Contact → customer."""
    flow(corp.stores)
    people = sorted({contact for contact, _ in held(corp.stores, corp.account)})
    with corp.stores.ledger.read() as tx:
        return look_up_all(corp.stores, tx, corp.account.namespace, people)


def tagged(corp: Corp) -> set[int]:
    flow(corp.stores)
    with corp.stores.ledger.read() as tx:
        return {customer for customer, found in tags_of(tx, list(customers(corp).values())).items() if any(one.tag == "VIP" for one in found)}


def vip(corp: Corp, contacts: int = 30, overlap: float = 0.5) -> str:
    """People, and a tag there that stands for VIP here; answers its id."""
    corp.fill(contacts, 3, overlap=overlap)
    corp.run(tasks.RECONCILE)
    add(corp, "金卡", siyu_tag="VIP")
    corp.run(tasks.TAGS)
    return str(here(corp)["金卡"].ref)


def phone_of(corp: Corp, contact: str) -> int:
    rows = corp.sandbox.http.get(f"/sandbox/population/{corp.corpid}/relations").text.splitlines()

    return int(next(row["phone"] for row in map(json.loads, rows) if row["external_userid"] == contact))


def put_there(corp: Corp, pair: tuple[str, str], *refs: str) -> None:
    corp.sandbox.post(f"staff/{corp.corpid}/{pair[1]}/edit_customer", {"phone": phone_of(corp, pair[0]), "tags": list(refs)})


def test_a_customers_tag_goes_to_all_their_relations(corp: Corp) -> None:
    ref = vip(corp)
    people = customers(corp)
    chosen = sorted(people)[:10]
    with corp.stores.ledger.begin() as tx:
        change_tags(tx, [people[one] for one in chosen], add=["VIP"], remove=[], by="Alice", now=corp.stores.now())
    flow(corp.stores)
    run_job(corp.stores, tasks.MARKS)
    wanted = {pair for pair in held(corp.stores, corp.account) if pair[0] in chosen}
    assert marked(corp, ref) == wanted
    assert listed_with(corp, ref) == wanted
    with corp.stores.ledger.begin() as tx:
        change_tags(tx, [people[chosen[0]]], add=[], remove=["VIP"], by="Alice", now=corp.stores.now())
    flow(corp.stores)
    run_job(corp.stores, tasks.MARKS)
    assert listed_with(corp, ref) == {pair for pair in wanted if pair[0] != chosen[0]}


def marked(corp: Corp, ref: str, status: str = "there") -> set[tuple[str, str]]:
    mark, contact = metadata.tables["carriers_mark"], metadata.tables["carriers_contact"]
    query = select(contact.c.external_id, mark.c.staff).join(contact, contact.c.id == mark.c.contact_id)
    with corp.stores.ledger.read() as tx:
        return {(row[0], row[1]) for row in tx.execute(query.where(mark.c.tag_ref == ref, mark.c.status == status))}


def listed_with(corp: Corp, ref: str) -> set[tuple[str, str]]:
    """As the carrier has them."""
    with tasks.calling(corp.stores) as calls:

        async def read() -> set[tuple[str, str]]:
            connector, found = calls.connector(corp.account), set()
            for staff in await connector.staff.serving():
                async for page in connector.customers.of_staff([staff]):
                    found |= {(one.customer.external_userid, staff) for one in page.items if ref in one.follow.tag_id}
            return found

        return calls.run(read())


def test_a_tag_put_on_there_is_the_customers_until_no_relation_has_it(corp: Corp) -> None:
    ref = vip(corp, contacts=12, overlap=1.0)
    people = customers(corp)
    contact = sorted(people)[0]
    first, second = sorted(pair for pair in held(corp.stores, corp.account) if pair[0] == contact)
    for pair in (first, second):
        put_there(corp, pair, ref)
    corp.run(tasks.RECONCILE)
    assert tagged(corp) == {people[contact]}
    assert run_job(corp.stores, tasks.MARKS).result == {"relation_count": 0}, "what came from there does not go back"
    put_there(corp, first)
    corp.run(tasks.RECONCILE)
    assert tagged(corp) == {people[contact]}
    put_there(corp, second)
    corp.run(tasks.RECONCILE)
    assert tagged(corp) == set()


def test_a_relation_that_is_gone_refuses_and_says_why(corp: Corp) -> None:
    ref = vip(corp, overlap=0)
    people = customers(corp)
    corp.drift(30, 0)
    with corp.stores.ledger.begin() as tx:
        change_tags(tx, sorted(people.values()), add=["VIP"], remove=[], by="Alice", now=corp.stores.now())
    flow(corp.stores)
    run_job(corp.stores, tasks.MARKS)
    assert len(marked(corp, ref, "refused")) == 30
    assert run_job(corp.stores, tasks.MARKS).result == {"relation_count": 0}


def test_a_tag_that_begins_to_stand_for_another_is_carried_both_ways(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    base = f"/carriers/accounts/{account['id']}/tags"
    made = shop.api("POST", base, {"group": "等级", "name": "金卡"}, status=201)
    assert made["state"] == "only_here"
    tag = wait_for(lambda: (one := shop.api("GET", base)["groups"][0]["tags"][0])["ref"] and one, 20)
    assert tag["state"] == "only_there"
    assert set(shop.api("GET", base)["rule"]) == {"zh", "en"}
    assert shop.api("PATCH", f"{base}/{tag['id']}", {"siyu_tag": "VIP"})["state"] == "in_sync"
    shop.api("POST", base, {"group": "等级", "name": "x" * 31}, status=422)
    shop.api("POST", base, {"group": "等级", "name": "金卡"}, status=409)
    shop.api("DELETE", f"{base}/{tag['id']}", status=204)
    assert shop.api("GET", base)["groups"] == []
