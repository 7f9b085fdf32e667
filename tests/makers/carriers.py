"""Accounts of carriers for tests that need one to exist and no carrier to answer."""

from __future__ import annotations

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.foundation.stores import Stores

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def wecom_account(stores: Stores, *, corp: str = "ww0123456789abcdef", base_url: str = "http://127.0.0.1:9") -> Account:
    """A connected corp whose calls go to `base_url`."""
    credentials = {"corpid": corp, "secret": "s" * 43, "callback_token": "callbacktoken", "encoding_aes_key": AES_KEY}
    with stores.ledger.begin() as tx:
        return accounts.connect(
            stores, tx, product="wecom", name="澄山里 企业微信", credentials=credentials, settings={"base_url": base_url, "allow_private": "true", "agentid": "1000002"}, by="test"
        )
