"""Living 活的示例品牌: a sandbox beside the sample brand, its accounts connected, and people who arrive at a gentle pace.

The sandbox writes who came and went into a journal in the data folder before anybody is called back. It forgets everything
else when it ends; the next one is told from the journal who was there, so that a reconcile finds what the sample brand knows.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from siyu import living_campaign, living_codes
from siyu.client import Client, Control, RefusedError
from siyu.demo import CORP, MAIL, MINI, SERVICE, SMS_KEY
from siyu.foundation.brand import is_sample
from siyu.foundation.errors import SiyuError
from siyu.foundation.stores import Stores
from siyu.sandbox import HOST, Beside, beside

PACE = 120
"""Simulated people live so many days in one: somebody comes every eight seconds or so."""
LOOK_SECONDS = 5.0
PRESS_RATE, PRESS_SECONDS = 0.3, 120.0
"""Who gets a letter of the sample brand has no simulated phone, and presses its link now and then."""
SECRET, TOKEN = "sample" + "0" * 37, "sampletoken"
AES_KEY = "sample" * 7 + "A"
WELCOME = "{客户昵称}，你好，欢迎来到澄山里！回复「试饮」领取一份当季茶样。"
STATES = (("杭州湖滨店收银台", "store-s01"), ("上海静安店桌卡", "store-s03"), ("包裹卡", "parcel-card"), ("老客带新", "friend"), ("抽奖裂变", "fission-draw"))
ARRIVALS = {"store-s01": (20, 600, 0.04), "store-s03": (16, 600, 0.04), "parcel-card": (24, 260, 0.1), "friend": (8, 2600, 0.04), "fission-draw": (10, 320, 0.55)}
"""By state of the live code: people a day, what each costs in fen, the share of deal-hunters (羊毛党)."""
ARTICLE = "公众号文章"
FEED = "澄山里商城小程序"
_log = logging.getLogger("siyu.living")


@dataclass
class Life:
    """Who is there. `friends`: (phone, staff) of open relations, with the state they began by; `followers`: phones that follow
    the Official Account."""

    people_count: int = 0
    friends: dict[tuple[int, str], str] = field(default_factory=dict)
    followers: set[int] = field(default_factory=set)

    def _take(self, act: dict[str, Any]) -> None:
        phone: int = act["phone"]
        self.people_count = max(self.people_count, phone)
        if act["act"] == "add_staff":
            self.friends[phone, act["userid"]] = act["state"]
        elif act["act"] == "delete_staff":
            for friend in [friend for friend in self.friends if friend[0] == phone]:
                del self.friends[friend]
        elif act["act"] == "follow":
            self.followers.add(phone)
        elif act["act"] == "unfollow":
            self.followers.discard(phone)

    @classmethod
    def read(cls, journal: Path) -> Life:
        """What the sandbox wrote down, from the first act to the last."""
        life = cls()
        if journal.exists():
            for line in journal.read_text(encoding="utf-8").splitlines():
                try:
                    life._take(json.loads(line))
                except (ValueError, TypeError, KeyError):  # the last line of a process that was killed
                    continue
        return life


def keep_living(stores: Stores, url: str, token: str, stopping: threading.Event) -> None:
    """Let the sample brand live whenever it is there, until the server stops. For a thread."""
    while not stopping.is_set():
        if _is_wanted(stores):
            try:
                _live(stores, url, token, stopping)
            except SiyuError as error:
                _log.warning("the sample brand stands still: %s", error)
            if not _is_wanted(stores):
                _journal(stores).unlink(missing_ok=True)
        stopping.wait(LOOK_SECONDS)


def _live(stores: Stores, url: str, token: str, stopping: threading.Event) -> None:
    """Run the sandbox and let people arrive until the sample brand is put away or the server stops."""
    client = Client(url, token, "zh")
    try:
        living_codes.wait_until_loaded(client, stopping)
        with beside(seed=1, journal=_journal(stores)) as sandbox:
            staff, life, codes = _settle(stores, client, sandbox)
            come_alive(sandbox.control, life, staff, f"{url}/sa?project={_feed(client)}", codes)
            sends = False
            while not stopping.wait(LOOK_SECONDS) and _is_wanted(stores):
                sandbox.control.ask("GET", "health")
                sends = sends or _send(client)
    finally:
        client.close()


def _send(client: Client) -> bool:
    """Whether the campaign that runs beside the brand needs no more looking after."""
    try:
        return living_campaign.begin(client)
    except RefusedError as error:
        _log.warning("the sample brand has no campaign that runs: %s", error)
        return True


def _journal(stores: Stores) -> Path:
    return stores.settings.files / "sample" / "arrivals.jsonl"


def come_alive(control: Control, life: Life, staff: list[str], tells: str, codes: Mapping[str, str] | None = None) -> None:
    """Simulated people come from each source and live on; those who were there before are among them. The shop's mini program
    tells of their steps at the address `tells`; `codes`: by which state people come to a place that has a live code."""
    held = codes or {}
    carriers = {"corpid": CORP, "official_account": SERVICE, "mini_program": MINI}
    control.ask("POST", "people/plan", {**carriers, "sources": list(_sources(staff, held)), "pace": PACE, "tells": {"url": tells}})
    for name, state in (*STATES, (ARTICLE, "")):
        phones = {phone for (phone, _), began_by in life.friends.items() if began_by in (state, held.get(state))} if state else life.followers
        if phones:
            control.ask("POST", "people/adopt", {"phones": sorted(phones), "sources": [{"name": name}]})


def _sources(staff: list[str], codes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The sample brand's places, what a person costs there and what kind of people come."""
    for place, (name, state) in enumerate(STATES):
        per_day, cost_fen, deal_hunters = ARRIVALS[state]
        wish = {"name": name, "staff": _behind(staff, place), "state": codes.get(state, state), "per_day": per_day, "cost_fen": cost_fen}
        yield wish | {"deal_hunters": deal_hunters, "follow_share": 0.2}
    yield {"name": ARTICLE, "per_day": 12, "cost_fen": 750}


def _behind(staff: list[str], place: int) -> list[str]:
    """Who answers a live code: some members of staff each, all of them where there are few."""
    size = 6
    return staff[place * size : (place + 1) * size] or staff


def _is_wanted(stores: Stores) -> bool:
    """The sample brand is there, and whole: its staff are known once it was generated."""
    with stores.ledger.read() as tx:
        wanted = is_sample(tx)
    return wanted and (stores.settings.files / "sample" / "staff.parquet").exists()


def _settle(stores: Stores, client: Client, sandbox: Beside) -> tuple[list[str], Life, dict[str, str]]:
    """Make the carriers' side, tell it who is there already, connect, and only then let it call back."""
    folder = stores.settings.files / "sample"
    life = Life.read(_journal(stores))
    people = pq.read_table(folder / "staff.parquet", columns=["staff_id", "name", "carrier_id"]).to_pylist()
    staff = [{"userid": one["staff_id"], "name": one["name"]} for one in people if one["carrier_id"] == "wecom-main"]
    control = sandbox.control
    control.ask("POST", "corps", {"corpid": CORP, "name": "澄山里", "apps": [{"agentid": 1000002, "secret": SECRET, "name": "Siyu"}], "staff": staff})
    control.ask("POST", "official_accounts", {"appid": SERVICE, "secret": SECRET[:32], "name": "澄山里", "kind": "service"})
    control.ask("POST", "mini_programs", {"appid": MINI, "secret": SECRET[:32], "name": "澄山里商城"})
    control.ask("PATCH", "settings", {"smtp": {"press_rate": PRESS_RATE, "press_seconds": PRESS_SECONDS}})
    control.ask("POST", "sms", {"app_key": SMS_KEY, "secret": SECRET[:32], "signature": "澄山里"})
    _tell(control, life)
    codes: dict[str, str] = {}
    for wish in _accounts(sandbox):
        account = _connected(client, wish)
        if account is not None and wish.sandbox_path:
            control.ask("PATCH", wish.sandbox_path, {"callback": {"url": account["callback_url"], "token": TOKEN, "encoding_aes_key": AES_KEY}})
            control.ask("POST", f"accounts/{wish.ref}/verify_callback")
        if account is not None and wish.product == "sms":
            control.ask("PATCH", f"sms/{SMS_KEY}", {"receipt_url": account["callback_url"]})
        if account is not None and wish.product == "wecom":
            _welcome(client, account["id"])
            codes = _codes(client, account["id"], [one["userid"] for one in staff])
            _stores(client, account["id"], folder)
    return [one["userid"] for one in staff], life, codes


def _tell(control: Control, life: Life) -> None:
    """Those who were there before; nobody is called back yet."""
    if life.people_count:
        control.ask("POST", "people", {"count": life.people_count})
    for (phone, userid), state in life.friends.items():
        control.ask("POST", f"phones/{phone}/add_staff", {"corpid": CORP, "userid": userid, "state": state, "add_way": 1, "code": False})
    for phone in life.followers:
        control.ask("POST", f"official_accounts/{SERVICE}/followers", {"first": phone, "count": 1})


@dataclass(frozen=True)
class Wish:
    """An account to be connected; `sandbox_path` is where the carrier is told its callback address."""

    product: str
    name: str
    credentials: dict[str, str]
    settings: dict[str, str]
    sandbox_path: str = ""

    @property
    def ref(self) -> str:
        return next(iter(self.credentials.values()))


def _accounts(sandbox: Beside) -> tuple[Wish, ...]:
    here = {"base_url": sandbox.url, "allow_private": "true"}
    keys = {"callback_token": TOKEN, "encoding_aes_key": AES_KEY}
    mail = {"host": HOST, "port": str(sandbox.smtp_port), "tls": "none", "sender_name": "澄山里", "allow_private": "true"}
    return (
        Wish("wecom", "企业微信·主体", {"corpid": CORP, "secret": SECRET, **keys}, here, f"corps/{CORP}"),
        Wish("official_account", "澄山里服务号", {"appid": SERVICE, "secret": SECRET[:32], **keys}, here, f"official_accounts/{SERVICE}"),
        Wish("mini_program", "澄山里商城小程序", {"appid": MINI, "secret": SECRET[:32], **keys}, here, f"mini_programs/{MINI}"),
        Wish("sms", "短信网关", {"app_key": SMS_KEY, "secret": SECRET[:32], "definition": "sandbox"}, here),
        Wish("email", "会员邮箱", {"address": MAIL, "username": "hello", "password": SECRET[:16]}, mail),
    )


def _connected(client: Client, wish: Wish) -> dict[str, Any] | None:
    """The account here, pointed to the sandbox; made when it is not there. None where it cannot be connected."""
    vendor = next((one for one in client.get("/carriers/products")["items"] if one["product"] == wish.product), None)
    if vendor is None:
        return None
    known = {field["name"] for field in vendor["settings"]}
    settings = {name: value for name, value in wish.settings.items() if name in known}
    mine = [one for one in client.get("/carriers/accounts")["items"] if (one["product"], one["ref"]) == (wish.product, wish.ref)]
    made: dict[str, Any]
    try:
        if mine:
            made = client.patch(f"/carriers/accounts/{mine[0]['id']}", {"settings": settings})
        else:
            made = client.post("/carriers/accounts", {"product": wish.product, "name": wish.name, "credentials": wish.credentials, "settings": settings})
    except RefusedError as error:
        _log.warning("%s of the sample brand is not connected: %s", wish.product, error)
        return None
    return made


def _feed(client: Client) -> str:
    """The write key of the shop's feed; made where it is not there."""
    mine = next((feed for feed in client.get("/feeds")["items"] if feed["name"] == FEED), None)
    key: str = (mine or client.post("/feeds", {"name": FEED, "kind": "mini_program"}))["write_key"]
    return key


def _welcome(client: Client, account_id: int) -> None:
    path = f"/carriers/accounts/{account_id}/welcomes"
    if not client.get(path)["items"]:
        link = {"msgtype": "link", "link": {"title": "新客礼：首单 9 折", "url": "https://example.com/welcome", "desc": "领券后 7 天内有效"}}
        client.post(path, {"name": "默认欢迎语", "content": {"text": WELCOME, "attachments": [link]}})


def _codes(client: Client, account_id: int, staff: list[str]) -> dict[str, str]:
    """A live code for each place where people of the sample brand come from; a plain contact way where its source is not there."""
    made = living_codes.make(client, account_id, STATES, lambda number: _behind(staff, number))
    path = f"/carriers/accounts/{account_id}/contact-ways"
    known = {way["state"] for way in client.get(path)["items"]} | made.keys()
    for number, (name, state) in enumerate(STATES):
        if state not in known:
            client.post(path, {"name": name, "state": state, "staff": _behind(staff, number)})
    return made


def _stores(client: Client, account_id: int, folder: Path) -> None:
    """The sample brand's stores, and who works where."""
    rows = pq.read_table(folder / "stores.parquet", columns=["store_id", "name", "province", "city"]).to_pylist()
    known = {store["code"]: store["id"] for store in client.get("/team/stores")["items"]}
    for row in rows:
        if row["store_id"] not in known:
            draft = {"name": row["name"], "code": row["store_id"], "province": row["province"], "city": row["city"]}
            known[row["store_id"]] = client.post("/team/stores", draft)["id"]
    client.follow(client.post("/team/staff/sync", {"account_id": account_id})["job_id"], lambda _: None)
    people = pq.read_table(folder / "staff.parquet", columns=["staff_id", "store_id"]).to_pylist()
    works_at = {one["staff_id"]: known.get(one["store_id"]) for one in people}
    for member in client.get("/team/staff", account=account_id, limit=200)["items"]:
        store = works_at.get(member["userid"])
        if member["store_id"] is None and store is not None:
            client.patch(f"/team/staff/{member['id']}", {"store_id": store})
