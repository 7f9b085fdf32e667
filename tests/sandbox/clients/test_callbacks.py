"""The sandbox's callbacks, opened by wechatpy's own cryptography and parser in a server that is all wechatpy."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient, wait_for
from tests.sandbox.clients.environments import DRIVERS, drive, environment
from tests.sandbox.clients.test_work import STAFF, VERSIONS

TOKEN, KEY = "drivetoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass
class Owner:
    """The running server of wechatpy and what it has opened so far."""

    url: str
    lines: "Queue[dict[str, Any]]"

    def next(self) -> dict[str, Any]:
        try:
            return self.lines.get(timeout=10)
        except Empty:
            raise AssertionError("wechatpy was sent nothing") from None

    def until(self, kind: str) -> dict[str, Any]:
        """The next one of this type of message or event."""
        while True:
            one = self.next()
            if kind in (
                one.get("type"),
                one.get("fields", {}).get("Event"),
                one.get("fields", {}).get("ChangeType"),
            ):
                return one


@dataclass
class Start:
    """Starts servers in the environment of one version; all end with the test."""

    version: str
    running: list[subprocess.Popen[str]]

    def __call__(self, product: str, ref: str, key: str = KEY) -> Owner:
        command = [str(environment(self.version)), str(DRIVERS / "wechatpy_listener.py")]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        assert process.stdin is not None
        process.stdin.write(
            json.dumps({"product": product, "ref": ref, "token": TOKEN, "encoding_aes_key": key}) + "\n"
        )
        process.stdin.flush()
        lines: Queue[dict[str, Any]] = Queue()
        Thread(target=_read, args=(process, lines), daemon=True).start()
        owner = Owner("", lines)
        owner.url = f"http://127.0.0.1:{owner.next()['port']}/callback"
        return owner


def _read(process: subprocess.Popen[str], lines: "Queue[dict[str, Any]]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(json.loads(line))


@pytest.fixture(params=VERSIONS)
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    starter = Start(str(request.param), [])
    yield starter
    for process in starter.running:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def callback(owner: Owner) -> dict[str, str]:
    return {"url": owner.url, "token": TOKEN, "encoding_aes_key": KEY}


def test_an_official_accounts_events_messages_and_answers(sandbox: SandboxClient, start: Start) -> None:
    sandbox.post("people", {"count": 1})
    owner = start("official_account", "wx0123456789abcdef")
    shop = sandbox.post("official_accounts", {"appid": "wx0123456789abcdef", "callback": callback(owner)})
    assert sandbox.post(f"accounts/{shop['appid']}/verify_callback")["ok"] is True
    openid = sandbox.post("phones/1/follow", {})["openid"]
    followed = owner.until("subscribe")
    assert (followed["kind"], followed["fields"]["FromUserName"]) == ("SubscribeEvent", openid)
    sandbox.post("phones/1/message", {"account": shop["appid"], "content": "有优惠吗 <&>"})
    said = owner.until("text")
    assert (said["kind"], said["fields"]["Content"]) == ("TextMessage", "有优惠吗 <&>")
    answered = wait_for(lambda: sandbox.inbox(1))
    assert answered[0]["content"]["Content"] == "收到:有优惠吗 <&>"
    sandbox.post("phones/1/unfollow", {})
    assert owner.until("unsubscribe")["kind"] == "UnsubscribeEvent"


def test_a_scan_is_what_wechatpy_makes_of_it(sandbox: SandboxClient, start: Start) -> None:
    sandbox.post("people", {"count": 1})
    owner = start("official_account", "wx0123456789abcdef")
    made = sandbox.post("official_accounts", {"appid": "wx0123456789abcdef", "callback": callback(owner)})
    asked = {"grant_type": "client_credential", "appid": made["appid"], "secret": made["secret"]}
    token = sandbox.call("GET", "/cgi-bin/token", **asked)["access_token"]
    scene = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "store"}}}
    code = sandbox.call("POST", "/cgi-bin/qrcode/create", token, scene)
    sandbox.post("phones/1/scan", {"qr": code["url"]})
    assert owner.next()["kind"] == "SubscribeScanEvent"
    sandbox.post("phones/1/scan", {"qr": code["url"]})
    assert owner.next()["kind"] == "ScanEvent"


def test_another_key_opens_nothing(sandbox: SandboxClient, start: Start) -> None:
    sandbox.post("people", {"count": 1})
    owner = start("official_account", "wx0123456789abcdef")
    elsewhere = callback(owner) | {"token": "othertoken"}
    sandbox.patch("callbacks", {"tries": 1})
    sandbox.post("official_accounts", {"appid": "wx0123456789abcdef", "callback": elsewhere})
    sandbox.post("phones/1/follow", {})
    assert "refused" in owner.next()
    assert wait_for(lambda: [one["tries"] for one in sandbox.get("callbacks") if one["tries"]]) == [[403]]


def test_a_mini_programs_subscription_events(sandbox: SandboxClient, start: Start) -> None:
    sandbox.post("people", {"count": 1})
    owner = start("mini_program", "wxfedcba9876543210")
    wish = {
        "appid": "wxfedcba9876543210",
        "callback": callback(owner),
        "templates": [{"tid": 1005, "kids": [1, 3]}],
    }
    template = sandbox.post("mini_programs", wish)["templates"][0]
    sandbox.post("phones/1/accept_subscribe", {"account": wish["appid"], "templates": [template]})
    told = owner.until("subscribe_msg_popup_event")["fields"]["SubscribeMsgPopupEvent"]["List"]
    assert (told["TemplateId"], told["SubscribeStatusString"]) == (template, "accept")


def test_a_corps_events_and_a_welcome_that_only_one_can_send(sandbox: SandboxClient, start: Start) -> None:
    sandbox.post("people", {"count": 1})
    owner = start("wecom", "ww0123456789abcdef")
    wish = {
        "corpid": "ww0123456789abcdef",
        "name": "澄山里",
        "apps": [{}],
        "staff": [{"userid": STAFF, "name": "小美", "department": [1]}],
    }
    made = sandbox.post("corps", wish | {"callback": callback(owner)})
    assert sandbox.post(f"accounts/{made['corpid']}/verify_callback")["ok"] is True
    sandbox.post("phones/1/add_staff", {"userid": STAFF, "state": "store-1"})
    added = owner.until("add_external_contact")["fields"]
    assert (added["UserID"], added["State"], added["ToUserName"]) == (STAFF, "store-1", made["corpid"])
    given = {
        "corpid": made["corpid"],
        "secret": made["apps"][0]["secret"],
        "netloc": sandbox.url.removeprefix("http://"),
    }
    told = drive(start.version, "wechatpy_work", scenario="welcome", code=added["WelcomeCode"], **given)
    assert (told["first"]["errcode"], told["second"]["errcode"]) == (0, 41051)
    assert "您好,欢迎" in str(sandbox.inbox(1)[-1]["content"])
    sandbox.post("phones/1/delete_staff", {"userid": STAFF})
    assert owner.until("del_follow_user")["fields"]["ExternalUserID"] == added["ExternalUserID"]
