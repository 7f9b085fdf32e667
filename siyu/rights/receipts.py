"""Receipts 回执内容: what is written down about an erasure: where something went, how much, what stays and why."""

from __future__ import annotations

from typing import Any

from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.rights import old_keys, receipt
from siyu.rights.requests import Request

STAYS: tuple[tuple[str, Text, Text], ...] = (
    ("orders", Text("订单", "Orders"), Text("金额与数量要留作账目(电子商务法第三十一条：不少于三年)；改挂一个没有身份的编号", "amounts and quantities are accounts that the law wants kept (E-Commerce Law art. 31, three years); they go on under a number that is nobody's")),
    ("audit", Text("操作记录", "Audit"), Text("谁在什么时候做过什么；只有客户编号，编号不再指向任何人", "who did what and when; only the customer's number, which leads to nobody any more")),
    ("number", Text("客户编号", "Customer number"), Text("一个空号，保证不会再发给别人", "an empty number, so that it is never given again")),
    ("register", Text("删除登记", "Register of erasures"), Text("加密索引，只用来在恢复旧备份后再次删除", "keyed marks, used only to erase again after an old backup was put back")),
)  # fmt: skip


def erasure(stores: Stores, request: Request, state: dict[str, Any]) -> dict[str, Any]:
    """The signed receipt of one erasure. Counts of shared places (bodies, texts, files) are those of all who were erased together."""
    orders = state["warehouse_kept"].get(request.id, {})
    content = {
        "number": request.receipt_number, "request": request.id, "kind": request.kind, "made_at": stores.now().isoformat(),
        "erased_together": len(state["done"]),
        "removed": {
            "ledger": state["ledger"].get(request.id, {}), "log": state["log"].get(request.id, {}), "warehouse": state["warehouse"].get(request.id, {}),
            "bodies": state["shared"]["bodies"], "texts": state["shared"]["texts"], "collected": state["shared"]["collected"], "files": state["files"],
        },
        "written_anew": {"ledger": True, "warehouse": stores.settings.warehouse_file.exists()},
        "stays": [{"what": what, "name": name.json(), "why": why.json(), "count": sum(orders.values()) if what == "orders" else None} for what, name, why in STAYS if what != "orders" or orders],
        "backups": old_keys.told(stores.settings, stores.now()),
    }  # fmt: skip
    return receipt.signed(stores.secrets, content)
