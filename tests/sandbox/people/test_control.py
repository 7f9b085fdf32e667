"""The control routes of the people refuse what makes no sense, in a sentence, and change nothing then."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_people import make_population, truth
from tests.makers.sandbox_wecom import make_corp


def _refusal(
    sandbox: SandboxClient, method: str, path: str, body: Any = None, **query: Any
) -> tuple[int, str]:
    answer = sandbox.http.request(method, f"/sandbox/{path}", json=body, params=query)
    return answer.status_code, answer.json().get("error", "")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"sources": [{}]}, 422, "name"),
        ({"sources": ["x"]}, 422, "name"),
        ({"sources": [{"name": "a", "per_day": 5}]}, 422, "config_id"),
        ({"sources": [{"name": "a", "per_day": -1}]}, 422, "per_day"),
        ({"sources": [{"name": "a", "per_day": "many"}]}, 422, "per_day"),
        ({"sources": [{"name": "a", "deal_hunters": 1.5}]}, 422, "deal_hunters"),
        ({"sources": [{"name": "a", "colour": "red"}]}, 422, "colour"),
        ({"corpid": "wwnone", "sources": []}, 404, "wwnone"),
        ({"sources": [], "pace": 0}, 422, "pace"),
        ({"sources": [], "pace": 1e9}, 422, "pace"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    sandbox: SandboxClient, body: dict[str, Any], status: int, words: str
) -> None:
    make_corp(sandbox, "amy")
    found = _refusal(sandbox, "POST", "people/plan", body)
    assert found[0] == status
    assert words in found[1]
    sandbox.post("people/advance", {"days": 1})
    assert sandbox.get("people/plan")["people"]["all"] == 0


def test_other_odd_wishes_are_refused(sandbox: SandboxClient) -> None:
    make_corp(sandbox, "amy")
    assert _refusal(sandbox, "PATCH", "people/plan", {"sources": [{"name": "nobody"}]})[0] == 404
    assert _refusal(sandbox, "POST", "people/populate", {"count": -5})[0] == 422
    assert _refusal(sandbox, "POST", "people/adopt", {"phones": [99]})[0] == 422
    assert _refusal(sandbox, "POST", "people/advance", {"days": "x"})[0] == 422
    assert _refusal(sandbox, "GET", "people/acts", after="x")[0] == 422
    assert _refusal(sandbox, "GET", "shop/orders.csv", since="x")[0] == 422
    assert _refusal(sandbox, "GET", "truth", table="nothing")[0] == 404


def test_before_anybody_is_there_everything_is_empty(sandbox: SandboxClient) -> None:
    for table in ("lives", "arrivals", "friends", "messages", "touches", "purchases", "prevented", "sources"):
        assert truth(sandbox, table) == []
        answer = sandbox.http.get("/sandbox/truth", params={"table": table, "format": "arrow"})
        assert pa.ipc.open_stream(answer.content).read_all().num_rows == 0
    assert sandbox.http.get("/sandbox/shop/orders.csv").text.count("\n") == 1
    sandbox.post("people/advance", {"days": 3})


def test_the_truth_is_the_same_in_both_forms(sandbox: SandboxClient) -> None:
    people = make_population(sandbox, 300)
    people.send("会员专享 8 折")
    people.live(10)
    for table in ("lives", "touches", "purchases", "messages"):
        answer = sandbox.http.get("/sandbox/truth", params={"table": table, "format": "arrow"})
        rows = pa.ipc.open_stream(answer.content).read_all().to_pylist()
        assert rows == truth(sandbox, table)
        assert rows


def test_phones_that_exist_can_be_adopted_once(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, "amy")
    phones = [corp.friend("amy")[0] for _ in range(3)]
    wish = {"phones": phones, "sources": [{"name": "门店", "need": 0.05}]}
    assert sandbox.post("people/adopt", wish) == {"adopted": 3}
    assert sandbox.post("people/adopt", wish) == {"adopted": 0}
    assert [row["person"] for row in truth(sandbox, "lives")] == phones
    assert sandbox.post("people/adopt", {"phones": []}) == {"adopted": 0}


def test_a_reset_forgets_the_people(sandbox: SandboxClient) -> None:
    make_population(sandbox, 200).live(5)
    sandbox.reset()
    sandbox.post("people/advance", {"days": 5})
    assert sandbox.get("health")["counts"]["people_all"] == 0
    assert truth(sandbox, "purchases") == []
