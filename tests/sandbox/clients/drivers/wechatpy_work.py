"""wechatpy against the WeCom server: the corner of it that both versions wrap, and generic verbs for the rest."""

import wechatpy
from mounted import mount
from steps import attempt, run

OLD = wechatpy.__version__.startswith("1.")
if OLD:
    from wechatpy.enterprise import WeChatClient
else:
    from wechatpy.work import WeChatClient


def customers(order):
    client = WeChatClient(order["corpid"], order["secret"])
    adapter = mount(client, order["netloc"])
    contact, chats, staff = client.external_contact, client.external_contact_group_chat, order["userid"]
    external = contact.list(staff)["external_userid"]
    group = contact.add_corp_tag(
        None, "喜好", 1, [{"name": "白茶", "order": 1}, {"name": "红茶", "order": 2}]
    )["tag_group"]
    first, second = (tag["id"] for tag in group["tag"])
    way = contact.add_contact_way(type=1, scene=2, remark="静安店", state="store-1", user=[staff])
    text = {
        "text": {"content": "春茶上新"},
        "chat_type": "single",
        "external_userid": external,
        "sender": staff,
    }
    answers = {
        "version": wechatpy.__version__,
        "follow_users": contact.get_follow_user_list()["follow_user"],
        "external": external,
        "customer": contact.get(external[0]),
        "nobody": attempt(lambda: contact.get("wmNobody")),
        "marked": contact.mark_tag(staff, external[0], add_tag=[first, second]),
        "unmarked": contact.mark_tag(staff, external[0], remove_tag=[second]),
        "tags": contact.get_corp_tag_list()["tag_group"],
        "edited": contact.edit_corp_tag(first, "老白茶", 1),
        "way": way,
        "way_kept": contact.get_contact_way(way["config_id"])["contact_way"],
        "way_changed": contact.update_contact_way(
            way["config_id"], "新天地店", state="store-2", user=[staff]
        ),
        "send": contact.add_msg_template(text),
        "send_empty": attempt(
            lambda: contact.add_msg_template({"chat_type": "single", "external_userid": external})
        ),
        "chats": chats.list(owner_userid_list=[staff], limit=10)["group_chat_list"],
        "chat": chats.get(order["chat_id"])["group_chat"],
        "person": client.user.get(staff),
        "people": client.department.get_users(1),
        "message": client.message.send_text(order["agentid"], staff, content="有新客户"),
        "generic": client.post(
            "externalcontact/get_groupmsg_list_v2",
            data={"chat_type": "single", "start_time": order["now"] - 60, "end_time": order["now"] + 60},
        ),
        "ticket": client.jsapi.get_ticket(),
    }
    if not OLD:
        # Its own `batch_get_by_user` still sends `userid`, which the API knew before `userid_list`.
        found = client.post("externalcontact/batch/get_by_user", data={"userid_list": [staff], "limit": 100})
        answers["all"] = found["external_contact_list"]
        answers["template"] = contact.add_group_welcome_template({"text": {"content": "欢迎 %NICKNAME%"}})
    answers["deleted"] = contact.del_contact_way(way["config_id"])
    return answers | {"asked": adapter.asked}


def welcome(order):
    """Two programs send for one welcome code: the first one wins."""
    client = WeChatClient(order["corpid"], order["secret"])
    mount(client, order["netloc"])
    body = {"welcome_code": order["code"], "text": {"content": "您好,欢迎"}}
    return {
        "first": client.external_contact.send_welcome_msg(body),
        "second": attempt(lambda: client.external_contact.send_welcome_msg(body)),
    }


run({"customers": customers, "welcome": welcome})
