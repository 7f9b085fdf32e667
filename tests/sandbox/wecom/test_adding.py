"""People add staff by live codes, are welcomed once, and leave again."""

from __future__ import annotations

from tests.makers.sandbox_wecom import Listener, SandboxCorp, make_corp

WELCOME = {"text": {"content": "你好,欢迎"}}


def test_a_scan_becomes_a_relation_an_event_and_a_welcome(told: SandboxCorp, listener: Listener) -> None:
    phone = told.person()
    way = told.contact("add_contact_way", type=1, scene=2, user=["amy"], state="shop-7")
    happened = told.scan(phone, way["qr_code"])
    event = listener.wait("add_external_contact")
    assert event["State"] == "shop-7"
    assert event["UserID"] == "amy"
    assert event["ToUserName"] == told.id
    assert event["ExternalUserID"] == happened["external_userid"]
    told.contact("send_welcome_msg", welcome_code=event["WelcomeCode"], **WELCOME)
    assert [one["kind"] for one in told.sandbox.inbox(phone)] == ["welcome"]
    details = told.get("externalcontact/get", external_userid=event["ExternalUserID"])
    follow = details["follow_user"][0]
    assert (follow["userid"], follow["state"], follow["add_way"]) == ("amy", "shop-7", 1)
    assert details["external_contact"]["name"] == told.sandbox.get(f"phones/{phone}")["name"]


def test_a_welcome_code_works_once(told: SandboxCorp, listener: Listener) -> None:
    phone = told.person()
    told.scan(phone, told.way("amy"))
    code = listener.wait("add_external_contact")["WelcomeCode"]
    told.contact("send_welcome_msg", welcome_code=code, **WELCOME)
    assert told.contact_code("send_welcome_msg", welcome_code=code, **WELCOME) == 41051
    assert len(told.sandbox.inbox(phone)) == 1


def test_a_welcome_code_dies_after_twenty_seconds(told: SandboxCorp, listener: Listener) -> None:
    phone = told.person()
    told.scan(phone, told.way("amy"))
    code = listener.wait("add_external_contact")["WelcomeCode"]
    told.sandbox.advance(seconds=21)
    assert told.contact_code("send_welcome_msg", welcome_code=code, **WELCOME) == 41050
    assert told.sandbox.inbox(phone) == []


def test_an_accelerated_world_still_leaves_twenty_real_seconds(told: SandboxCorp, listener: Listener) -> None:
    told.sandbox.post("clock", {"speed": 10_000})
    told.scan(told.person(), told.way("amy"))
    code = listener.wait("add_external_contact")["WelcomeCode"]
    told.token = told.get_token()
    told.contact("send_welcome_msg", welcome_code=code, **WELCOME)


def test_welcomes_are_checked(told: SandboxCorp, listener: Listener) -> None:
    told.scan(told.person(), told.way("amy"))
    code = listener.wait("add_external_contact")["WelcomeCode"]
    send = {"welcome_code": code}
    assert told.contact_code("send_welcome_msg", **WELCOME) == 41049
    assert told.contact_code("send_welcome_msg", **WELCOME, welcome_code="nonsense") == 41050
    assert told.contact_code("send_welcome_msg", **send) == 40058
    long = {"text": {"content": "字" * 1334}}
    assert told.contact_code("send_welcome_msg", **send, **long) == 40058
    link = {"msgtype": "link", "link": {"title": "题", "url": "https://example.com"}}
    assert told.contact_code("send_welcome_msg", **send, attachments=[link] * 10) == 41064
    assert told.contact_code("send_welcome_msg", **send, attachments=[{"msgtype": "voice"}]) == 41065
    picture = {"msgtype": "image", "image": {"media_id": "unknown"}}
    assert told.contact_code("send_welcome_msg", **send, attachments=[picture]) == 40007
    exact = {"text": {"content": "字" * 1333}}
    told.contact("send_welcome_msg", **send, **exact, attachments=[link])


def test_an_old_friend_who_scans_again_raises_nothing(told: SandboxCorp, listener: Listener) -> None:
    phone, way = told.person(), told.way("amy")
    told.scan(phone, way)
    listener.wait("add_external_contact")
    assert told.scan(phone, way)["result"] == "already"
    told.scan(told.person(), way)
    listener.wait("add_external_contact", 2)
    assert len(listener.events) == 2


def test_a_customer_who_leaves_stays_in_the_staffs_list(told: SandboxCorp, listener: Listener) -> None:
    phone, external_userid = told.friend("amy")
    told.phone(phone, "delete_staff", userid="amy")
    event = listener.wait("del_follow_user")
    assert event["ExternalUserID"] == external_userid
    assert told.get("externalcontact/list", userid="amy")["external_userid"] == [external_userid]
    told.scan(phone, told.way("amy"))
    assert "WelcomeCode" in listener.wait("add_external_contact", 2)


def test_a_customer_whom_staff_delete_is_gone(told: SandboxCorp, listener: Listener) -> None:
    phone, external_userid = told.friend("amy")
    told.staff("amy", "delete_customer", phone=phone)
    assert "Source" not in listener.wait("del_external_contact")
    assert told.raw("GET", "externalcontact/list", userid="amy")["errcode"] == 84061
    assert told.raw("GET", "externalcontact/get", external_userid=external_userid)["errcode"] == 84061


def test_a_half_added_customer_is_no_contact_until_confirmed(told: SandboxCorp, listener: Listener) -> None:
    phone = told.person()
    told.scan(phone, told.way("amy"), half=True)
    half = listener.wait("add_half_external_contact")
    assert "WelcomeCode" in half
    wanted = {"external_userid": half["ExternalUserID"]}
    assert told.raw("GET", "externalcontact/get", **wanted)["errcode"] == 84061
    told.staff("amy", "accept_customer", phone=phone)
    assert "WelcomeCode" not in listener.wait("add_external_contact")
    told.get("externalcontact/get", **wanted)


def test_a_code_with_verification_waits_for_the_staff(told: SandboxCorp, listener: Listener) -> None:
    phone = told.person()
    assert told.scan(phone, told.way("amy", skip_verify=False))["result"] == "requested"
    assert told.raw("GET", "externalcontact/list", userid="amy")["errcode"] == 84061
    told.sandbox.advance(minutes=2)
    listener.wait("add_external_contact")
    told.get("externalcontact/list", userid="amy")


def test_staff_who_are_full_take_nobody(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"contacts_per_staff": 2}})
    way = corp.way("amy")
    results = [corp.scan(corp.person(), way)["result"] for _ in range(3)]
    assert results == ["added", "added", "full"]


def test_a_code_of_many_spreads_over_its_staff(corp: SandboxCorp) -> None:
    way = corp.way("amy", "ben", "cleo")
    chosen = {corp.scan(corp.person(), way)["userid"] for _ in range(30)}
    assert chosen == {"amy", "ben", "cleo"}


def test_ids_of_one_person_differ_between_corps(corp: SandboxCorp) -> None:
    other = make_corp(corp.sandbox)
    phone, first = corp.friend("amy")
    _, second = other.friend("amy", phone)
    assert first != second
    found = [one.get("externalcontact/get", external_userid=i) for one, i in ((corp, first), (other, second))]
    assert found[0]["external_contact"]["unionid"] == found[1]["external_contact"]["unionid"]
    assert other.raw("GET", "externalcontact/get", external_userid=first)["errcode"] == 40096
