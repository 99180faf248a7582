"""Chinese names of invented people and companies, and the names that break careless programs."""

from random import Random

FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华建文辉力健永志鹏飞宇浩凯晨嘉怡欣雨思佳子轩梓涵博文瑞"
CITIES = {
    "华东": ["上海", "苏州", "杭州", "宁波", "无锡", "南京", "合肥"],
    "华南": ["深圳", "广州", "东莞", "佛山", "珠海", "厦门"],
    "华北": ["北京", "天津", "石家庄", "济南", "青岛", "太原"],
    "华中": ["武汉", "长沙", "郑州", "南昌", "襄阳"],
    "西南": ["成都", "重庆", "昆明", "贵阳", "绵阳"],
    "东北": ["沈阳", "大连", "长春", "哈尔滨"],
}
REGIONS = list(CITIES)
WORDS = [
    "华",
    "瑞",
    "恒",
    "鑫",
    "泰",
    "东",
    "联",
    "德",
    "信",
    "远",
    "博",
    "宏",
    "创",
    "金",
    "海",
    "中",
    "科",
    "新",
    "达",
    "盛",
]
TRADES = [
    "精密机械",
    "汽车零部件",
    "电子科技",
    "自动化设备",
    "新能源",
    "医疗器械",
    "食品",
    "包装",
    "重工",
    "模具",
    "智能装备",
    "光电",
]
ENDINGS = ["有限公司", "股份有限公司", "集团有限公司", "科技有限公司"]
NASTY = ["🚀🏭", "\n\\.\n", "'; DROP TABLE opportunities;--", "👩🏽‍🔧 “引号”", "%s {0} \\N\t制表"]


def person_name(dice: Random) -> str:
    """A person's name of two or three characters."""
    given = GIVEN[int(dice.random() * len(GIVEN))]
    if dice.random() < 0.6:
        given += GIVEN[int(dice.random() * len(GIVEN))]
    return FAMILY[int(dice.random() * len(FAMILY))] + given


def company_name(dice: Random, region: str) -> str:
    """A customer's registered name: city, two words, trade, legal form."""
    city = pick(dice, CITIES[region])
    return city + pick(dice, WORDS) + pick(dice, WORDS) + pick(dice, TRADES) + pick(dice, ENDINGS)


def respelled(name: str, way: int) -> str:
    """The same company as another clerk would type it; four ways."""
    short = (
        name.replace("股份有限公司", "").replace("集团有限公司", "").replace("科技有限公司", "").replace("有限公司", "")
    )
    return [f"{short}公司", f" {name}", name.replace("有限公司", "(有限公司)"), short][way % 4]


def nasty(dice: Random, name: str) -> str:
    """A name with characters that break careless programs."""
    return name + pick(dice, NASTY)


def pick(dice: Random, options: list[str]) -> str:
    """One of the options, all equally likely."""
    return options[int(dice.random() * len(options))]


def weighted(dice: Random, options: dict[str, float]) -> str:
    """One of the options by its weight; weights add up to 1."""
    left = dice.random()
    for option, weight in options.items():
        left -= weight
        if left < 0:
            return option
    return next(reversed(options))
