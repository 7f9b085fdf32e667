"""A listener for callbacks, and an account to begin with."""

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop, listener, mini_program

__all__ = ["listener", "shop"]


@pytest.fixture
def shop(sandbox: SandboxClient) -> Shop:
    """A mini program and three phones."""
    return mini_program(sandbox)
