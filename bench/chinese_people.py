"""A simulated list of Chinese customers with known duplicates, for bench/matching.py; it measures nothing.

Records of `people` persons: each once, and as many again as make `records`, drawn at random. Of all records 35 % have no
unionid, 25 % no phone, 3 % of the phones a wrong digit, 20 % no birthday, 30 % no city, 60 % no address, 2 % of the names a wrong character.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任卢姚沈钟姜崔谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂芬玲燕红梅建华国文辉力鑫波斌宇浩凯晨晓雪琳佳欣怡婷雅慧颖子轩梓涵雨泽思诗语嘉瑞博俊豪天一诺可心宁安然若曦紫萱"
CITIES = ["上海", "北京", "深圳", "广州", "成都", "杭州", "重庆", "武汉", "苏州", "西安", "南京", "长沙", "天津", "郑州", "东莞", "青岛", "昆明", "宁波", "合肥", "佛山", "沈阳", "无锡", "济南", "厦门", "福州", "温州", "泉州", "大连", "哈尔滨", "长春", "石家庄", "南宁", "金华", "贵阳", "南昌", "常州", "嘉兴", "惠州", "太原", "徐州"]
STREETS = ["人民", "解放", "中山", "建设", "和平", "新华", "文化", "学院", "滨江", "长江", "黄河", "东风", "胜利", "青年", "光明", "幸福", "朝阳", "延安", "北京", "南京", "上海", "科技", "创业", "花园", "湖滨", "龙泉", "凤凰", "翠园", "金桥", "银杏"]


def make(records: int, people: int, seed: int = 1) -> pa.Table:
    """entity (int64), unionid, phone, name, birthday, city, address: rows in random order."""
    rng = np.random.default_rng(seed)
    entity = rng.permutation(np.concatenate([np.arange(people), rng.integers(0, people, records - people)]))
    share = 1 / np.arange(1, len(SURNAMES) + 1) ** 0.8
    surname = np.array(list(SURNAMES))[rng.choice(len(SURNAMES), people, p=share / share.sum())]
    letters = np.array(list(GIVEN))
    weight = 1 / np.arange(1, len(GIVEN) + 1) ** 0.5
    first, second = (letters[rng.choice(len(GIVEN), people, p=weight / weight.sum())] for _ in range(2))
    name = np.char.add(surname, np.where(rng.random(people) < 0.2, first, np.char.add(first, second)))
    prefix = np.array(["130", "131", "133", "135", "136", "137", "138", "139", "150", "151", "158", "159", "170", "176", "177", "180", "181", "185", "186", "187", "188", "189", "198"])
    # A number belongs to one person.
    number = rng.permutation(100_000_000)[:people] if people <= 100_000_000 else rng.integers(0, 10**8, people)
    phone = np.char.add(prefix[rng.integers(0, prefix.size, people)], np.char.zfill(number.astype(str), 8))
    birthday = (np.datetime64("1955-01-01") + rng.gamma(6, 2200, people).astype(int) % 19_000).astype(str)
    city = np.array(CITIES)[rng.choice(len(CITIES), people, p=_falling(len(CITIES), 0.9))]
    address = _address(rng, people)
    union = np.char.add("o", np.char.zfill((np.arange(people) * 7_919).astype(str), 12))
    columns = {
        "entity": entity,
        "unionid": _missing(rng, union[entity], 0.35),
        "phone": _missing(rng, _typo(rng, phone[entity], 0.03), 0.25),
        "name": _wrong_character(rng, name[entity], 0.02),
        "birthday": _missing(rng, birthday[entity], 0.2),
        "city": _missing(rng, city[entity], 0.3),
        "address": _missing(rng, address[entity], 0.6),
    }
    return pa.table(columns)


def _falling(count: int, power: float) -> np.ndarray:
    share = 1 / np.arange(1, count + 1) ** power
    return share / share.sum()


def _address(rng: np.random.Generator, people: int) -> np.ndarray:
    street = np.char.add(np.array(STREETS)[rng.integers(0, len(STREETS), people)], "路")
    for name, most in (("号", 900), ("幢", 30), ("室", 2500)):
        street = np.char.add(street, np.char.add(rng.integers(1, most, people).astype(str), name))
    return street


def _missing(rng: np.random.Generator, values: np.ndarray, share: float) -> pa.Array:
    return pa.array(values, pa.string(), mask=rng.random(values.size) < share)


def _typo(rng: np.random.Generator, phones: np.ndarray, share: float) -> np.ndarray:
    """One of the last eight digits is another."""
    letters = phones.view("U1").reshape(phones.size, -1).copy()
    wrong = np.flatnonzero(rng.random(phones.size) < share)
    at = rng.integers(3, 11, wrong.size)
    letters[wrong, at] = ((letters[wrong, at].astype(int) + rng.integers(1, 10, wrong.size)) % 10).astype(str)
    return letters.view(phones.dtype).ravel()


def _wrong_character(rng: np.random.Generator, names: np.ndarray, share: float) -> np.ndarray:
    letters = names.view("U1").reshape(names.size, -1).copy()
    wrong = np.flatnonzero(rng.random(names.size) < share)
    letters[wrong, 1] = np.array(list(GIVEN))[rng.integers(0, len(GIVEN), wrong.size)]
    return letters.view(names.dtype).ravel()
