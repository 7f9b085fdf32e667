"""Names of people: common surnames by frequency, given names from characters in use, a few dirty ones."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu_sandbox.brand.digits import pick
from siyu_sandbox.brand.plan import Bools, Ints, choose

SURNAMES: Final = (
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈",
    *"姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤",
    "欧阳", "上官", "司马", "诸葛",
)  # fmt: skip
FEMALE_FIRST: Final = "雨思梦晓欣佳雅诗语若静婉芷紫心嘉可一子依书慧秋春美丽海玉小文"
FEMALE_SECOND: Final = "涵婷琪怡萱雯颖洁琳欣妍倩蓉瑶彤菲晴宁悦媛薇娜敏霞娟芳燕莉兰云"
FEMALE_SINGLE: Final = "静敏丽婷娟颖洁雪莹琳倩玲芳燕霞梅佳欣悦瑶"
MALE_FIRST: Final = "志建俊浩子宇文明国家永海晓天伟嘉一泽思鹏振立学少承博景书以逸"
MALE_SECOND: Final = "伟强军杰涛明宇轩浩然博文鹏辉峰斌龙凯鑫超磊勇平东华林哲航诚远"
MALE_SINGLE: Final = "伟强磊军勇杰涛超明刚鹏斌峰凯浩宇鑫帅波辉"
DIRTY: Final = (
    "🌸小雨妈妈🌸", "A00茶友王姐", "  李静 ", "测试", "Lily💕", "。", "星辰大海🌊",
    "张女士（勿电）", "ღ喵呜ღ", "13楼前台代收", "👩‍👧‍👦三宝妈", "null", "Amy-陈\t", "𠮷田先生", "微信用户",
)  # fmt: skip
SYLLABLES: Final = (
    "an bai chen dong fang gao han hui jia jing kai lan li lin mei ming nan ning qi qing rui shan shu song "
    "tao wan wei wen xi xiao xin xue yan yi ying yu yuan yun zhen zhi"
)


def people_names(random: np.random.Generator, female: Bools, dirty: float = 0.006) -> pa.Array:
    """Draw a full name per person; `female` chooses the characters, a share `dirty` is what tills hold."""
    count = len(female)
    surname = choose(random, 1 / np.arange(3, len(SURNAMES) + 3) ** 0.8, count)
    given = _given(random, count)
    names = pc.binary_join_element_wise(
        pick(list(SURNAMES), surname),
        pc.if_else(pa.array(female), pick(_all_given(True), given), pick(_all_given(False), given)),
        "",
    )
    soiled = random.random(count) < dirty
    return pc.if_else(pa.array(soiled), pick(list(DIRTY), random.integers(0, len(DIRTY), count)), names)


def mailboxes(random: np.random.Generator, numbers: Ints) -> pa.Array:
    """One address per number, unique by the number, in domains reserved for documentation (RFC 2606)."""
    syllables = SYLLABLES.split()
    pick_two = [pick(syllables, random.integers(0, len(syllables), len(numbers))) for _ in range(2)]
    domain = pick(["@example.com", "@mail.example.com", "@example.test"], random.integers(0, 3, len(numbers)))
    return pc.binary_join_element_wise(*pick_two, pc.cast(pa.array(numbers), pa.string()), domain, "")


def _given(random: np.random.Generator, count: int) -> Ints:
    """Positions in a list of given names: one in five has a single character."""
    pairs, singles = 30 * 30, 20
    return np.where(
        random.random(count) < 0.2,
        pairs + random.integers(0, singles, count),
        random.integers(0, pairs, count),
    )


def _all_given(female: bool) -> list[str]:
    """The 900 pairs and 20 single characters of one gender."""
    first, second, single = (
        (FEMALE_FIRST, FEMALE_SECOND, FEMALE_SINGLE) if female else (MALE_FIRST, MALE_SECOND, MALE_SINGLE)
    )
    return [a + b for a in first[:30] for b in second[:30]] + list(single[:20])
