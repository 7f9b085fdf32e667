"""wecomkit against the WeCom server: another code base, given nothing but the base URL."""

import asyncio

from steps import run
from wecomkit import AsyncWeComClient, WeComAPIError, WeComConfig


async def _staff(order):
    async with AsyncWeComClient(
        WeComConfig(order["corpid"], order["secret"], base_url=order["url"])
    ) as client:
        answers = {
            "token": await client.auth.get_access_token(),
            "again": await client.auth.get_access_token(force_refresh=True),
            "user": await client.users.get(order["userid"]),
            "users": await client.users.simple_list_by_department(1),
            "departments": await client.departments.list(),
            "sent": await client.messages.send_text(order["agentid"], "有新客户", to_user=order["userid"]),
            "media": await client.media.upload_bytes(b"\xff\xd8 tea", "image", "tea.jpg"),
            "customers": await client.request(
                "GET", "/cgi-bin/externalcontact/list", params={"userid": order["userid"]}
            ),
        }
        try:
            await client.users.get("nobody")
        except WeComAPIError as refusal:
            answers["nobody"] = str(refusal)
    return answers


run({"staff": lambda order: asyncio.run(_staff(order))})
