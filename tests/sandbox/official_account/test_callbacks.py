"""What the account is told, how it proves itself, and what it may answer at once."""

import hashlib

from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.weixin import Listener, Posted, official_account, plain


def signature(posted: Posted, token: str = "plaintoken") -> str:
    return hashlib.sha1(
        "".join(sorted([token, posted.query["timestamp"], posted.query["nonce"]])).encode()
    ).hexdigest()


def test_a_message_is_posted_signed_and_whole(sandbox: SandboxClient, listener: Listener) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    openid = shop.act(1, "follow")["openid"]
    said = shop.act(1, "message", content="<好茶> & ]]>")
    told = listener.event("text")
    assert (told["Content"], told["MsgId"], told["FromUserName"]) == (
        "<好茶> & ]]>",
        str(said["msgid"]),
        openid,
    )
    assert told["ToUserName"] == sandbox.get(f"official_accounts/{shop.appid}")["original_id"]
    assert all(posted.query["signature"] == signature(posted) for posted in listener.posts)
    shop.act(1, "message", kind="location", fields={"Label": "静安寺"})
    assert listener.event("location")["Label"] == "静安寺"
    shop.act(1, "report_location", latitude="31.2", longitude="121.4")
    assert listener.event("LOCATION")["Latitude"] == "31.2"
    shop.act(1, "unfollow")
    assert listener.event("unsubscribe")["FromUserName"] == openid


def test_an_answer_in_the_body_reaches_the_phone(sandbox: SandboxClient, listener: Listener) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    openid = shop.act(1, "follow")["openid"]
    said = {
        "text": "<Content><![CDATA[收到]]></Content>",
        "news": "<ArticleCount>1</ArticleCount><Articles><item><Title>上新</Title></item></Articles>",
    }
    for kind, inside in said.items():
        reply = f"<xml><ToUserName>{openid}</ToUserName><FromUserName>gh</FromUserName><CreateTime>1</CreateTime><MsgType>{kind}</MsgType>{inside}</xml>"
        listener.answer = lambda _, reply=reply: (200, reply)
        shop.act(1, "message")
        got = wait_for(lambda kind=kind: [one for one in shop.inbox(1) if one["kind"] == kind])
        assert got[0]["content"]["passive"] is True
    assert shop.inbox(1)[0]["content"]["Content"] == "收到"


def test_an_answer_that_cannot_be_read_is_trouble_on_the_phone(
    sandbox: SandboxClient, listener: Listener
) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    shop.act(1, "follow")
    listener.answer = lambda _: (200, "Traceback (most recent call last)")
    shop.act(1, "message")
    got = wait_for(lambda: shop.inbox(1))
    assert (got[0]["kind"], got[0]["content"]["content"]) == (
        "trouble",
        "该公众号提供的服务出现故障,请稍后再试",
    )


def test_a_transfer_to_staff_and_an_empty_answer_show_nothing(
    sandbox: SandboxClient, listener: Listener
) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    openid = shop.act(1, "follow")["openid"]
    for body in (
        "",
        "success",
        f"<xml><ToUserName>{openid}</ToUserName><MsgType>transfer_customer_service</MsgType></xml>",
    ):
        listener.answer = lambda _, body=body: (200, body)
        shop.act(1, "message")
    wait_for(lambda: sandbox.get("health")["counts"]["callbacks_open"] == 0)
    assert shop.inbox(1) == []


def test_the_url_is_proved_by_echo(sandbox: SandboxClient, listener: Listener) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    listener.answer = lambda posted: (
        200,
        posted.query["echostr"] if posted.query["signature"] == signature(posted) else "no",
    )
    assert sandbox.post(f"accounts/{shop.appid}/verify_callback")["ok"] is True
    listener.answer = lambda posted: (200, f'"{posted.query["echostr"]}"')
    assert sandbox.post(f"accounts/{shop.appid}/verify_callback")["ok"] is False


def test_an_account_without_callback_is_told_nothing(sandbox: SandboxClient, listener: Listener) -> None:
    shop = official_account(sandbox)
    shop.act(1, "follow")
    assert sandbox.get("callbacks") == []
    sandbox.patch(f"official_accounts/{shop.appid}", {"callback": plain(listener)})
    shop.act(1, "message")
    assert listener.event("text")["Content"] == "你好"
    refused = sandbox.http.patch(
        f"/sandbox/official_accounts/{shop.appid}",
        json={"callback": {"url": "x", "encoding_aes_key": "short"}},
    )
    assert refused.status_code == 422
