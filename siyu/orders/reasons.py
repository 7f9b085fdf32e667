"""Reasons 拒收原因: why a row of a file was not taken, in words that say what to mend."""

from siyu.foundation.text import Text

REASONS = {
    "unreadable": Text("这一行读不出来(多半是引号没有配对)", "the row cannot be read (often a quote that is not closed)"),
    "ragged": Text("列数与表头不一致", "the number of cells differs from the header"),
    "bad_characters": Text("有乱码，文件编码可能不对", "broken characters; the file's encoding may be wrong"),
    "no_time": Text("没有下单时间", "no order time"),
    "bad_time": Text("下单时间认不出来", "the order time cannot be read"),
    "time_out_of_range": Text("下单时间早于 1980 年或在未来", "the order time is before 1980 or in the future"),
    "no_order_number": Text("没有订单编号", "no order number"),
    "bad_number": Text("不是数字", "not a number"),
    "no_quantity": Text("数量是 0", "the quantity is 0"),
    "fractional_quantity": Text("数量不是整数", "the quantity is not a whole number"),
    "quantity_out_of_range": Text("数量超过 100 万件", "more than 1,000,000 pieces"),
    "no_amount": Text("没有金额", "no amount"),
    "order_amounts_differ": Text("同一订单各行的整单金额不一致", "the rows of one order tell different amounts of the whole order"),
    "order_apart": Text("同一订单的行离得太远，整单金额无法分摊：按订单号排序后再导入", "the rows of this order stand too far apart to spread its amount: sort the file by order number"),
    "amount_out_of_range": Text("金额大得不像真的(单价超过 10 亿或整行超过 1000 亿)", "an implausible amount (a price above 1 billion or a line above 100 billion)"),
}
