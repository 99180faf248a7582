"""What names a person inside a text is masked before it is landed, and order numbers, amounts and credit codes are left alone."""

from random import Random

import pytest

from config.settings import settings
from connectors.privacy import scrub
from connectors.scrub import scrubbed
from connectors.streams import mapping_of
from warehouse.connection import connect

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FRAMES = (
    "联系 {} 王工",
    "{}",
    "压力机（{}）二期",
    "请打{}，谢谢",
    "报价单/{}",
    "contact: {} (urgent)",
    "A{{x}} {}；备件",
)


def identity(dice: Random) -> str:
    born = f"{dice.randrange(1950, 2006)}{dice.randrange(1, 13):02d}{dice.randrange(1, 29):02d}"
    first = f"{dice.randrange(110000, 659000)}{born}{dice.randrange(1000):03d}"
    return first + "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, first, strict=True)) % 11]


def personal(dice: Random) -> str:
    """A phone in one of the ways people write it, a mail address, a WeChat id or an identity number."""
    a, b, c = (
        f"1{dice.randrange(3, 10)}{dice.randrange(10)}",
        f"{dice.randrange(10**4):04d}",
        f"{dice.randrange(10**4):04d}",
    )
    return dice.choice([
        a + b + c, f"{a}-{b}-{c}", f"{a} {b} {c}", f"+86 {a}{b}{c}", f"86{a}{b}{c}", f"wang.{b}@example.com.cn", f"wxid_{b}abc{c}",
        identity(dice),
        (a + b + c).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    ])  # fmt: skip


def impersonal(dice: Random) -> str:
    """An order or contract number, an amount, a model, a day, a credit code, a number of 18 digits without the check digit."""
    digits = "".join(str(dice.randrange(10)) for _ in range(18))
    return dice.choice([
        f"HT-{digits[:7]}", f"XSDD{digits[:11]}", f"{digits[:3]}.{digits[3:5]} 万", f"YL-{digits[:3]}", f"2026-05-{digits[0]}1",
        f"20260520{digits[:6]}", f"9131000{digits[:10]}X", f"1{digits}", f"65f00{digits[:11]}", f"v{digits[:2]}@rev",
        f"400-{digits[:3]}-{digits[3:7]}", "999" + digits[3:],
    ])  # fmt: skip


def test_of_a_thousand_texts_nearly_all_persons_are_masked_and_hardly_anything_else() -> None:
    dice = Random(30)  # noqa: S311 (a test that can be repeated)
    named = [dice.choice(FRAMES).format(personal(dice)) for _ in range(500)]
    others = [dice.choice(FRAMES).format(impersonal(dice)) for _ in range(500)]
    missed = [text for text in named if scrubbed(text) == text]
    wrong = [text for text in others if scrubbed(text) != text]
    assert len(missed) <= 5, missed
    assert len(wrong) <= 15, wrong


@pytest.mark.parametrize(("text", "shown"), [
    ("一期 138-1234-5678 李工", "一期 138****5678 李工"), ("wang@a.cn 询价", "**** 询价"), ("微信：lina_2020 加急", "微信**** 加急"),
    ("身份证 11010519491231002X", "身份证 ****"), ("110105194912310021", "110105194912310021"),
    ("合同 HT-13812345678", "合同 HT-138****5678"),
    ("XSDD13812345678", "XSDD13812345678"), ("华东机电有限公司", "华东机电有限公司"),
])  # fmt: skip
def test_a_text_keeps_its_words_and_loses_who_is_named(text: str, shown: str) -> None:
    assert scrubbed(text) == shown
    assert scrubbed(shown) == shown


def test_a_title_is_landed_masked_and_the_vault_keeps_the_whole(
    tenant_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_VAULT_KEY", "key")
    settings.cache_clear()
    record = {"name": "压力机 二期 13812345678", "contract_no__c": "13812345678"}
    with connect("loader") as connection:
        scrub(connection, mapping_of("fxiaoke").streams["opportunities"], [record], "load-1")
        kept = connection.execute("select original from vault.persons where first_load_id = 'load-1'").fetchall()
    settings.cache_clear()
    assert record == {"name": "压力机 二期 138****5678", "contract_no__c": "13812345678"}
    assert kept == [("压力机 二期 13812345678",)]
