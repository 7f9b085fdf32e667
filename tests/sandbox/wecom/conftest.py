"""A corp and a listener for every test of WeCom's server."""

from collections.abc import Iterator

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_wecom import Listener, SandboxCorp, listening, make_corp


@pytest.fixture
def corp(sandbox: SandboxClient) -> SandboxCorp:
    """A corp with Amy, Ben and Cleo, which tells nobody anything."""
    return make_corp(sandbox)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as one:
        yield one


@pytest.fixture
def told(sandbox: SandboxClient, listener: Listener) -> SandboxCorp:
    """A corp whose events the listener hears."""
    return make_corp(sandbox, callback=listener.settings())
