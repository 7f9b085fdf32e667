"""Markets 市场: eight sources, the people they bring, and the truth of what each yuan did; for acquisition and true cost.

`python -m siyu_sandbox market FOLDER --seed N [--people 10000] [--days 60] [--cycle 1 --budgets FILE]` writes:

sources.csv (one row: a node of the tree) source · parent ('' at the top) · level platform | creative · name · mark (the
    `state` of its live code, '' at the top) · platform · begins_on · target_cac_yuan
spend.csv (one row: a day × creative with money spent) day, local · source (a creative) · kind media · amount_yuan · region
    '' · ref, unique
touches.parquet (one row: a step of somebody) at UTC · visitor int64 · person, null for those who are never added · source (a
    creative; null: came by themselves) · step visit | add | claim (of the source's gift) · region (city)
people.parquet (one row: a person the brand knows) person · phone +86154…, null where not known · city · added_at
relations.parquet (one row: a relation with a guide) person · staff · state (mark; '' came by themselves) · began · ended,
    null while it stands · by customer | null
activities.parquet (one row: a thing that happened) event, unique · person · at · name: message_sent (it reached them)
    message_opened message_clicked message_replied message_blocked page_viewed product_viewed cart_added coupon_claimed ·
    properties JSON: purpose promotion | value and carrier for those of messages
orders.parquet (one row: an order of one article; a shop's own headers) 订单编号 · 下单时间 naive local · 商品编码 · 商品名称 ·
    数量 · 单价 list price · 实付金额 after discount, still there when 已退款 · 买家账号 → person · 手机号 · 店铺/来源 · 订单状态
    已完成 | 已退款 as it stands when looked at
experiments.json: hold-outs that were run: kind geo | time · source · begins_on, ends_on (last day) · off_regions, on_regions
    · off_periods [first day, last day]; before begins_on it was on everywhere
truth/persons.parquet, truth/buckets.json, truth/response.json: for tests and benches, never read by the product

A cycle is nine weeks: money is spent in the first six (days 0–41), and it is looked at on day 60 or before. Budgets are
100,000 yuan for 10,000 people. `--days 30` is the same world seen earlier; `--cycle 2` the same with two more cycles, whose
people are new. One source has no effect (all its people would have come anyway: half of the regions were without it for
five weeks and lost nobody), one brings zombies, one deal-hunters, one is small and excellent. Which is which, the names do not tell.
People of a source that is off come by themselves if they would have come anyway; the others do not come.
"""
