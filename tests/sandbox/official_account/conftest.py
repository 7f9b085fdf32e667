"""A listener for callbacks, and an account to begin with."""

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop, listener, official_account

__all__ = ["listener", "shop"]


@pytest.fixture
def shop(sandbox: SandboxClient) -> Shop:
    """A service account and three phones."""
    return official_account(sandbox)
