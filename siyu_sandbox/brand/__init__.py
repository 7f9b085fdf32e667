"""The sample brand 澄山里 (Chengshanli): two years of a tea and wellness house that never existed.

`python -m siyu_sandbox brand OUTDIR` writes what such a brand would export: Parquet (zstd) files, equal for
equal options. Instants are UTC with microseconds unless said otherwise, `_on` is a local day (Asia/Shanghai),
`_fen` is integer fen of CNY, and the last instant lies before local midnight of `--until`. Text is null where
unknown.

orders (one row: one order line 子订单; a shop's own headers)
    订单编号 text, 18 digits · 子订单编号 text, 订单编号 + two digits, unique · 下单时间 timestamp, naive
    local time · 商品编码 → products.sku · 商品名称 · 类目 · 数量 int32 ≥ 1 · 单价 decimal(12,2)
    yuan, list price · 实付金额 decimal(12,2) yuan, total of the line after discount, 0 when 交易关闭, still
    there when 已退款 · 买家账号 → customers.customer_key · 手机号 11 digits · 收货人 · 省份 · 城市 ·
    店铺/来源 shop or 门店·<store> · 订单状态 已完成 | 已发货 | 交易关闭 (whole order) | 已退款 (single line)
customers (one row: one person the brand knows, buyer or prospect 潜客)
    customer_key unique: tb… shop account or CS… member number · name · gender F | M | null · birthday
    date · phone +86154… · email · province · city · source → sources · live_code_id → live_codes ·
    store_id → stores · tier by net paid money, five · referrer_key → customers, only of source referral ·
    registered_at · tags list of text, possibly empty · agreed list of text: promotion, content (ticked when signing up)
events (one row: one thing that happened, orders excepted)
    event_id unique · customer_key → customers · name (see below) · at · properties JSON object of scalars
    page_viewed product_viewed cart_added live_watched coupon_claimed review_written
    message_sent message_opened message_clicked message_blocked contact_added contact_deleted
relations (one row: one WeCom contact × one staff member)
    relation_id unique · customer_key → customers · staff_id → staff · carrier_id → carriers · how live_code |
    referral | group | search | card · live_code_id → live_codes · began_at · ended_at null while it stands ·
    ended_by customer | staff | null
products (one row: one SKU)
    sku unique · name · category (8) · list_fen · cost_fen · launched_on · trial bool
sources (one row: one acquisition source)
    source unique · name · kind owned | paid | referral | free · how as in relations · began_on
spend (one row: one source × calendar month with money spent)
    source → sources · month first day of the month · spend_fen > 0
live_codes (one row: one live code 活码)
    live_code_id unique · name · source → sources · store_id → stores or null · created_on
carriers (one row: one carrier account)
    carrier_id unique · kind wecom | wechat_oa | miniprogram | sms | email · company · name ·
    monthly_quota int32, messages per person · opened_on · status
stores (one row: one store)
    store_id unique · name · province · city · opened_on
staff (one row: one member of staff 导购)
    staff_id unique · name · role 店长 | 导购 | 私域客服 · store_id → stores or null (online desk) ·
    carrier_id → carriers · hired_on
contents (one row: one piece of content)
    content_id unique · title · kind · purpose promotion | value | service · category or null · text · created_on
trial (one row: one person fit to be told in the one broadcast that kept a control)
    customer_key unique · arm a | b | control · content_id → contents, null for the control · sent_at · opened_at · clicked_at

People, phones and addresses are invented: phones stand in the unassigned block 154, e-mail in domains that
RFC 2606 reserves. `docs/sample-brand.md` tells the properties of events and the facts built into the data.
"""
