"""Flags 提示: what a reader must know before trusting a forecast, in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """A named remark on a result. `code` is stable; the texts are for people."""

    code: str
    zh: str
    en: str

    @property
    def message(self) -> dict[str, str]:
        """Return the remark as {zh, en}."""
        return {"zh": self.zh, "en": self.en}


NO_DROP_OUT = Flag(
    "no_drop_out_identified",
    "数据中看不出客户流失，已采用不考虑流失的 NBD 模型；长期预测可能偏高。",
    "The data show no customers dropping out, so the NBD model "
    "without drop-out is used; long forecasts may be too high.",
)
POOLED_RATE = Flag(
    "pooled_rate_used",
    "未估计模型，所有客户从同一平均购买速度出发预测。",
    "No model was fitted; every customer is forecast from one common purchase rate.",
)
AT_BOUND = Flag(
    "parameters_at_bound",
    "部分参数落在允许范围的边界上，数据不足以确定其数值；预测可用，参数本身不宜解读。",
    "Some parameters lie on the edge of their range: the data do "
    "not pin them. Forecasts hold, the parameters should not be read.",
)
NO_INTERVALS = Flag(
    "no_parameter_intervals",
    "参数的误差无法估计，区间只包含购买本身的随机性。",
    "The error of the parameters cannot be estimated; "
    "intervals hold only the chance in the purchases themselves.",
)
MODEL_FORCED = Flag(
    "model_chosen_by_hand",
    "模型由人工指定，没有按数据自动选择。",
    "The model was chosen by hand and not by the data.",
)
MEAN_ORDER_VALUE = Flag(
    "mean_order_value_used",
    "客单价模型无法估计，改用向总体均值收缩的客户均值。",
    "The order-value model cannot be fitted; each customer's "
    "mean, drawn towards the mean of all, is used instead.",
)
VALUE_CORRELATED = Flag(
    "order_value_depends_on_frequency",
    "购买次数与客单价明显相关，客单价模型的独立性假设不成立，预测价值可能有偏差。",
    "Order value depends on the number of purchases, against the "
    "assumption of the order-value model; values may be biased.",
)
NO_BACK_TEST = Flag(
    "no_back_test",
    "历史太短，无法回测，预测误差未知。",
    "The history is too short for a back-test; the error of the forecast is not known.",
)
BACK_TEST_FAR_OFF = Flag(
    "back_test_far_off",
    "回测误差超过 20 %（常见原因是季节或大促）；区间已按该误差放宽。",
    "The back-test was off by more than 20 % (season or sales events "
    "are the usual cause); intervals are widened by that error.",
)
TOO_FEW_BUYERS = Flag(
    "too_few_buyers",
    "购买客户太少，不足以估计模型。",
    "Too few buyers to fit a model.",
)
TOO_FEW_REPEAT_BUYERS = Flag(
    "too_few_repeat_buyers",
    "复购客户太少，不足以估计模型。",
    "Too few repeat buyers to fit a model.",
)
