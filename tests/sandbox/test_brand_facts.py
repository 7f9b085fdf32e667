"""What an analyst finds in the sample brand; the bands are those of `docs/sample-brand.md`."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from siyu_sandbox.brand.export import export_brand
from siyu_sandbox.brand.plan import Floats, Plan
from siyu_sandbox.brand.tables import SCHEMAS
from siyu_sandbox.brand.trial import CONTROL_SHARE, EFFECT, WINDOW_DAYS

Brand = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module", params=[20261122, 5])
def brand(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brand]:
    """Open the default brand, and one of another seed: the facts do not hang on the draw."""
    folder = tmp_path_factory.mktemp("facts")
    export_brand(Plan(seed=request.param), folder)
    with duckdb.connect() as views:
        views.execute("SET TimeZone = 'UTC'")
        for name in SCHEMAS:
            views.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
        views.execute(
            "CREATE VIEW paid AS SELECT 订单编号 AS number, any_value(买家账号) AS buyer,"
            " any_value(下单时间) AS ordered, sum(实付金额)::DOUBLE AS yuan"
            " FROM orders WHERE 订单状态 IN ('已完成', '已发货') GROUP BY 1"
        )
        views.execute(
            "CREATE VIEW buyers AS SELECT buyer, count(*) AS n, sum(yuan) AS yuan FROM paid GROUP BY 1"
        )
        yield views


def row(brand: Brand, query: str) -> tuple[float, ...]:
    """Return the single row of numbers a query answers."""
    return tuple(float(value) for value in brand.execute(query).fetchall()[0])


def by_source(brand: Brand) -> dict[str, dict[str, float]]:
    """Return people, repeat share, value and cost of each source."""
    rows = brand.execute(
        "SELECT source, count(*) AS people, count(n) AS buyers, avg((n > 1)::INT) AS again,"
        " coalesce(sum(yuan), 0) / count(*) AS yuan_per_person,"
        " (SELECT coalesce(sum(spend_fen), 0) / 100 FROM spend AS s WHERE s.source = c.source) / people"
        " AS cac"
        " FROM customers AS c LEFT JOIN buyers ON buyer = customer_key GROUP BY source"
    ).fetchall()
    names = ("people", "buyers", "again", "yuan_per_person", "cac")
    return {source: dict(zip(names, map(float, values), strict=True)) for source, *values in rows}


def test_repeat_and_concentration(brand: Brand) -> None:
    people, buyers = row(brand, "SELECT (SELECT count(*) FROM customers), count(*) FROM buyers")
    assert 0.15 < 1 - buyers / people < 0.35  # prospects
    (again,) = row(brand, "SELECT avg((n > 1)::INT) FROM buyers")
    assert 0.40 <= again <= 0.55
    (top,) = row(
        brand,
        "SELECT sum(yuan) FILTER (place <= total * 0.2) / sum(yuan) FROM"
        " (SELECT yuan, count(*) OVER () AS total,"
        " row_number() OVER (ORDER BY yuan DESC, buyer) AS place FROM buyers)",
    )
    assert 0.60 <= top <= 0.70
    (related,) = row(brand, "SELECT corr(n, yuan / n) FROM buyers")
    assert abs(related) < 0.15  # Gamma-Gamma's assumption


def test_refunds_and_closed_orders(brand: Brand) -> None:
    refunded, closed, moving = row(
        brand,
        "SELECT avg((订单状态 = '已退款')::INT), avg((订单状态 = '交易关闭')::INT),"
        " max(date_diff('day', 下单时间, DATE '2026-11-22')) FILTER (订单状态 = '已发货') FROM orders",
    )
    assert 0.03 <= refunded <= 0.05
    assert 0.012 <= closed <= 0.03
    assert moving < 90


def test_growth_and_seasons(brand: Brand) -> None:
    orders = dict(brand.execute("SELECT ordered::DATE, count(*) FROM paid GROUP BY 1").fetchall())
    day_of = {str(day): count for day, count in orders.items()}

    def mean(*days: str) -> float:
        first, last = np.datetime64(days[0]), np.datetime64(days[1])
        return float(np.mean([day_of.get(str(day), 0) for day in np.arange(first, last)]))

    assert mean("2026-08-01", "2026-10-25") > 1.5 * mean("2025-08-01", "2025-10-25")
    for festival, near in (("2025-11-08", "2025-11-15"), ("2026-06-15", "2026-06-22")):
        month = np.datetime64(festival) - np.timedelta64(40, "D")
        assert mean(festival, near) > 1.8 * mean(str(month), str(month + np.timedelta64(20, "D")))
    assert mean("2026-02-14", "2026-02-26") < 0.6 * mean("2026-01-22", "2026-02-08")  # 春节
    weekend, week = row(
        brand,
        "SELECT avg(c) FILTER (d >= 6), avg(c) FILTER (d < 6) FROM"
        " (SELECT isodow(ordered) AS d, count(*) AS c FROM paid GROUP BY 1)",
    )
    assert 1.05 < weekend / week < 1.35
    evening, night = row(
        brand,
        "SELECT avg((hour(ordered) BETWEEN 20 AND 22)::INT),"
        " avg((hour(ordered) BETWEEN 2 AND 5)::INT) FROM paid",
    )
    assert evening > 0.2
    assert night < 0.03


def test_sources_differ_and_half_is_wasted(brand: Brand) -> None:
    sources = by_source(brand)
    wasted, store, hunters = sources["elevator_ad"], sources["store_code"], sources["fission_draw"]
    spend = sum(source["cac"] * source["people"] for source in sources.values())
    assert wasted["cac"] * wasted["people"] > 0.3 * spend
    assert wasted["people"] < 0.08 * 4_000
    assert wasted["yuan_per_person"] < wasted["cac"]
    assert store["yuan_per_person"] > 3 * wasted["yuan_per_person"]
    assert store["again"] > wasted["again"]
    assert hunters["cac"] < 5
    assert min(sources, key=lambda source: sources[source]["yuan_per_person"]) == "fission_draw"


def test_deal_hunters_refund_and_block_more(brand: Brand) -> None:
    refunds = dict(
        brand.execute(
            "SELECT source = 'fission_draw', avg((订单状态 = '已退款')::INT) FROM orders"
            " JOIN customers ON customer_key = 买家账号 GROUP BY 1"
        ).fetchall()
    )
    assert refunds[True] > 1.4 * refunds[False]
    blocks = dict(
        brand.execute(
            "SELECT source = 'fission_draw', sum((e.name = 'message_blocked')::INT)"
            " / sum((e.name = 'message_sent')::INT)"
            " FROM events AS e JOIN customers USING (customer_key) GROUP BY 1"
        ).fetchall()
    )
    assert blocks[True] > 1.3 * blocks[False]


def test_promotion_tires_people(brand: Brand) -> None:
    rates = brand.execute(
        "WITH told AS (SELECT customer_key, properties, count(*) OVER"
        ' (PARTITION BY customer_key ORDER BY "at"'
        " RANGE BETWEEN INTERVAL 14 DAYS PRECEDING AND CURRENT ROW) - 1 AS before FROM events"
        " WHERE name = 'message_sent' AND json_extract_string(properties, '$.purpose') = 'promotion'),"
        " left_us AS (SELECT customer_key, properties FROM events WHERE name = 'message_blocked')"
        " SELECT least(before // 3, 2), count(l.customer_key) / count(*) FROM told AS t"
        " LEFT JOIN left_us AS l USING (customer_key, properties) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    few, some, many = (rate for _, rate in rates)  # blocks a promotion after 0-2, 3-5, 6+ in two weeks
    assert few < some < many
    assert many > 1.8 * few
    promotion, value = row(
        brand,
        "SELECT count(*) FILTER (p = 'promotion'), count(*) FILTER (p = 'value') FROM"
        " (SELECT json_extract_string(properties, '$.purpose') AS p FROM events WHERE name = 'message_sent')",
    )
    assert promotion > 4 * value  # what the restraint rules would not allow


def test_the_trial_moved_as_many_as_is_said(brand: Brand) -> None:
    (sent,) = row(brand, "SELECT epoch(min(sent_at)) FROM trial")
    local = f"(to_timestamp({sent}) AT TIME ZONE 'UTC' + INTERVAL 8 HOUR)"
    told, told_share, control, control_share = row(
        brand,
        "WITH did AS (SELECT DISTINCT buyer FROM paid WHERE ordered >= " + local
        + f" AND ordered < {local} + INTERVAL {WINDOW_DAYS} DAY)"
        " SELECT count(*) FILTER (arm <> 'control'), avg((buyer IS NOT NULL)::INT) FILTER (arm <> 'control'),"
        " count(*) FILTER (arm = 'control'), avg((buyer IS NOT NULL)::INT) FILTER (arm = 'control')"
        " FROM trial LEFT JOIN did ON buyer = customer_key",
    )  # fmt: skip
    assert control / (told + control) == pytest.approx(CONTROL_SHARE, abs=0.03)
    doubt = (told_share * (1 - told_share) / told + control_share * (1 - control_share) / control) ** 0.5
    # Somebody who would have bought anyway cannot be moved; what is closed or refunded does not count.
    truth = EFFECT * (1 - control_share) * 0.95
    assert told_share - control_share == pytest.approx(truth, abs=3 * doubt)
    assert told_share - control_share > 1.96 * doubt
    reads = dict(brand.execute("SELECT arm, avg((clicked_at IS NOT NULL)::INT) FROM trial GROUP BY 1").fetchall())
    assert reads["control"] == 0
    assert reads["b"] > reads["a"] > 0
    assert row(brand, "SELECT count(*) FROM trial WHERE arm = 'control' AND sent_at IS NOT NULL") == (0,)
    # Who reads has clicked, who passes it on has read, and the story is read longer than the offer.
    assert row(brand, "SELECT count(*) FROM trial WHERE read_seconds > 0 AND clicked_at IS NULL OR passed_to > 0 AND read_seconds = 0") == (0,)
    long = dict(brand.execute("SELECT arm, median(read_seconds) FROM trial WHERE read_seconds > 0 GROUP BY 1").fetchall())
    assert long["b"] > 1.5 * long["a"] > 0
    assert 0 < row(brand, "SELECT sum(passed_to) FROM trial")[0] < 100


def test_people_agreed_when_they_signed_up(brand: Brand) -> None:
    wanted = ("promotion", "content", "profiling")
    promotion, content, profiling = row(brand, f"SELECT {', '.join(f'avg(list_contains(agreed, {one!r})::INT)' for one in wanted)} FROM customers")
    assert 0.65 < promotion < 0.75
    assert content > promotion
    assert 0.44 < profiling < 0.56
    assert row(brand, "SELECT count(*) FROM customers WHERE agreed = ['profiling']") == (0,)


def test_people_have_tastes(brand: Brand) -> None:
    (share,) = row(
        brand,
        "SELECT sum(most) / sum(lines) FROM (SELECT max(c) AS most, sum(c) AS lines FROM"
        " (SELECT 买家账号, 类目, count(*) AS c FROM orders GROUP BY ALL)"
        " GROUP BY 买家账号 HAVING sum(c) >= 5)",
    )
    assert share > 0.45


def test_relations_are_not_people_and_one_company_holds_most(brand: Brand) -> None:
    relations, people, ended = row(
        brand, "SELECT count(*), count(DISTINCT customer_key), count(ended_at) FROM relations"
    )
    assert 1.05 < relations / people < 1.2
    assert 0.05 < ended / relations < 0.25
    (main_share,) = row(brand, "SELECT avg((carrier_id = 'wecom-main')::INT) FROM relations")
    assert 0.7 < main_share < 0.95


def test_dirt_is_there_and_little(brand: Brand) -> None:
    (shared,) = row(
        brand, "SELECT max(c) FROM (SELECT count(*) AS c FROM customers WHERE phone <> '' GROUP BY phone)"
    )
    assert 3 <= shared <= 40
    (dirty,) = row(
        brand,
        "SELECT count(*) FROM customers WHERE NOT regexp_full_match(name, '[\\x{4E00}-\\x{9FFF}]{2,4}')",
    )
    assert 5 <= dirty <= 60
    (outside,) = row(
        brand, "SELECT count(*) FROM customers WHERE NOT regexp_full_match(coalesce(phone, '+8615400000000'),"
        " '\\+86154\\d{8}') OR NOT regexp_full_match(coalesce(email, 'a1@example.com'),"
        " '[a-z]+\\d+@(mail\\.)?example\\.(com|test)')",
    )  # fmt: skip
    assert outside == 0


def test_drop_out_is_identified_by_bg_nbd(brand: Brand) -> None:
    """Fader, Hardie, Lee 2005: the likelihood has its maximum away from a → 0, near what was drawn from."""
    data = brand.execute(
        "SELECT count(DISTINCT ordered::DATE) - 1, date_diff('day', min(ordered), max(ordered)) / 7,"
        " date_diff('day', min(ordered), TIMESTAMP '2026-11-22') / 7 FROM paid GROUP BY buyer ORDER BY buyer"
    ).fetchall()
    repeats, last, age = np.array(data, dtype=np.float64).T

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        base = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + repeats) - betaln(a, b) - (r + repeats) * np.log(alpha + age)
        gone = betaln(a + 1, b + np.maximum(repeats, 1) - 1) - betaln(a, b)
        gone = np.where(repeats > 0, gone - (r + repeats) * np.log(alpha + last), -np.inf)
        return -float(np.sum(base + np.logaddexp(alive, gone)))

    best = minimize(loss, np.zeros(4), method="Nelder-Mead", options={"maxiter": 2_000})
    r, alpha, a, b = np.exp(best.x)
    assert 0.3 < r < 0.75
    assert 5 < alpha < 20
    assert 0.05 < a / (a + b) < 0.35
    assert loss(np.array([best.x[0], best.x[1], -9.0, 0.0])) > best.fun + 10
