"""The products that the sandbox serves, in the order in which a scanned code is tried."""

from __future__ import annotations

from siyu_sandbox.mini_program.product import MINI_PROGRAM
from siyu_sandbox.official_account.product import OFFICIAL_ACCOUNT
from siyu_sandbox.people.product import PEOPLE
from siyu_sandbox.registry import Product
from siyu_sandbox.sms.product import SMS
from siyu_sandbox.smtp.product import SMTP
from siyu_sandbox.wechat_shop.product import WECHAT_SHOP
from siyu_sandbox.wecom.product import WECOM
from siyu_sandbox.youzan.product import YOUZAN

PRODUCTS: tuple[Product, ...] = (WECOM, OFFICIAL_ACCOUNT, MINI_PROGRAM, SMS, SMTP, YOUZAN, WECHAT_SHOP, PEOPLE)
