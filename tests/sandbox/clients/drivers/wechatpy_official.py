"""wechatpy against the Official Account and Mini Program server."""

from pathlib import Path

import wechatpy
from mounted import HOSTS, ToSandbox, mount
from steps import attempt, run
from wechatpy import WeChatClient
from wechatpy.client.api import WeChatWxa
from wechatpy.oauth import WeChatOAuth

OLD = wechatpy.__version__.startswith("1.")


def client_of(order):
    client = WeChatClient(order["appid"], order["secret"])
    return client, mount(client, order["netloc"])


def mass_text(client, receivers, content, **more):
    """The two versions disagree about the order of the arguments and the name of the receivers."""
    name = "group_or_users" if OLD else "tag_or_users"
    return client.message.send_mass_text(content=content, **{name: receivers}, **more)


def official(order):
    client, adapter = client_of(order)
    openids = list(client.user.iter_followers())
    tag = client.tag.create("爱喝白茶")
    client.tag.tag_user(tag["id"], openids[:2])
    menu = {
        "button": [
            {"type": "click", "name": "好茶", "key": "TEA"},
            {"type": "view", "name": "商城", "url": "https://a.example"},
        ]
    }
    code = client.qrcode.create(
        {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "drive"}}}
    )
    media = client.media.upload("image", Path(order["picture"]).read_bytes())
    return {
        "version": wechatpy.__version__,
        "token": client.access_token[:8] != "",
        "openids": openids,
        "page": client.user.get_followers(),
        "info": client.user.get(openids[0]),
        "batch": client.user.get_batch(openids[:2]),
        "remark": client.user.update_remark(openids[0], "老客"),
        "tag": tag,
        "tag_users": list(client.tag.iter_tag_users(tag["id"])),
        "tags_of": client.tag.get_user_tag(openids[0]),
        "menu_made": client.menu.create(menu),
        "menu": client.menu.get(),
        "code": code,
        "picture": len(client._http.get(client.qrcode.get_url(code["ticket"])).content),
        "text": client.message.send_text(openids[0], "您好"),
        "image": client.message.send_image(openids[0], media["media_id"]),
        "third": client.message.send_text(openids[0], "第三句"),
        "over": attempt(lambda: client.message.send_text(openids[0], "第四句")),
        "nobody": attempt(lambda: client.message.send_text("nobody", "?")),
        "mass": mass_text(client, openids, "上新", client_msg_id="drive-1"),
        "mass_again": attempt(lambda: mass_text(client, openids, "上新", client_msg_id="drive-1")),
        "mass_tag": mass_text(client, tag["id"], "白茶上新"),
        "template": client.message.send_template(
            openids[0], order["template"], order["data"], url="https://a.example"
        ),
        "notice": client.message.send_subscribe_message(openids[1], order["notice"], order["notice_data"]),
        "notice_over": attempt(
            lambda: client.message.send_subscribe_message(openids[1], order["notice"], order["notice_data"])
        ),
        "ticket": client.jsapi.get_jsapi_ticket() != "",
        "asked": adapter.asked,
    }


def renewal(order):
    """The token is killed in the middle: the client asks for another one and goes on."""
    client, adapter = client_of(order)
    client.user.get_followers()
    import requests

    requests.post(
        f"http://{order['netloc']}/sandbox/faults",
        json={"account": order["appid"], "kind": "kill_token"},
        timeout=10,
    )
    return {"page": client.user.get_followers(), "asked": adapter.asked}


def mini(order):
    client, adapter = client_of(order)
    wxa = client.wxa if hasattr(client, "wxa") else WeChatWxa(client)
    answers = {
        "session": wxa.code_to_session(order["js_code"]),
        "again": attempt(lambda: wxa.code_to_session(order["js_code"])),
        "subscribe": wxa.send_subscribe_message(order["openid"], order["notice"], order["notice_data"]),
        "subscribe_over": attempt(
            lambda: wxa.send_subscribe_message(order["openid"], order["notice"], order["notice_data"])
        ),
        "code": wxa.get_wxa_code_unlimited("store=1").content[:4].hex(),
        "text": attempt(lambda: client.message.send_text(order["openid"], "您好")),
    }
    if not OLD:
        answers["number"] = wxa.get_phone_number(order["number_code"])
        answers["link"] = wxa.get_url_link(
            path="pages/index/index", query="a=1", is_expire=True, expire_type=1, expire_interval=1
        )
    return answers | {"asked": adapter.asked}


def log_in(order):
    """The person opens the page that wechatpy names, and comes back with a code."""
    oauth = WeChatOAuth(order["appid"], order["secret"], "https://h5.example/in", "snsapi_userinfo", "s1")
    adapter = ToSandbox(order["netloc"])
    for host in (*HOSTS, "https://open.weixin.qq.com"):
        oauth._http.mount(host, adapter)
    page = oauth.authorize_url.replace("#wechat_redirect", "&phone=1#wechat_redirect")
    landed = oauth._http.get(page, allow_redirects=False).headers["Location"]
    token = oauth.fetch_access_token(landed.partition("code=")[2].partition("&")[0])
    return {
        "landed": landed,
        "token": token,
        "valid": oauth.check_access_token(),
        "info": oauth.get_user_info(),
        "renewed": oauth.refresh_access_token(token["refresh_token"]),
    }


run({"official": official, "renewal": renewal, "mini": mini, "log_in": log_in})
