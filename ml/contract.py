"""What a features contract is made of: a column with its type, its theme and the sentence that explains it in two languages.

In: nothing. Out: `Feature`, and `Words`, which makes features whose sentences compare with one kind of winners: won deals, converted
leads. A sentence names the fact, the figure and what winners show; `{value}` is this record's, `{typical}` the winners' median (numbers),
or the share of winners with the same value (texts and yes/no). A feature without a value speaks through `missing`.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "boolean"]
Unit = Literal["count", "days", "hours", "rate", "money", "text", "yes_no"]


@dataclass(frozen=True)
class Feature:
    """One column of the contract and how it is put into words."""

    name: str
    kind: Kind
    unit: Unit
    theme: str
    zh: str
    en: str
    template_zh: str
    template_en: str
    absent: tuple[str, str] | None = None  # where a record without a value is an ordinary fact with words of its own

    @property
    def missing_zh(self) -> str:
        """Sentence for a record without a value."""
        return self.absent[0] if self.absent else f"{self.zh}没有记录"

    @property
    def missing_en(self) -> str:
        """Sentence for a record without a value."""
        return self.absent[1] if self.absent else f"no record of {self.en}"


@dataclass(frozen=True)
class Words:
    """Winners as sentences name them: `zh` 赢单, `en` won deals."""

    zh: str
    en: str

    def text(self, name: str, theme: str, zh: str, en: str) -> Feature:
        """A text: what winners show is the share with the same value."""
        said_zh, said_en = (
            f"{zh}为 {{value}}，{self.zh}中占 {{typical}}",
            f"{en} is {{value}}, as in {{typical}} of {self.en}",
        )
        return Feature(name, "text", "text", theme, zh, en, said_zh, said_en)

    def days(self, name: str, theme: str, zh: str, en: str) -> Feature:
        """A number of days."""
        return self._time(name, "days", theme, zh, en, "天")

    def hours(self, name: str, theme: str, zh: str, en: str) -> Feature:
        """A number of hours."""
        return self._time(name, "hours", theme, zh, en, "小时")

    def _time(self, name: str, unit: Unit, theme: str, zh: str, en: str, measure: str) -> Feature:
        said_zh = f"{zh} {{value}} {measure}，{self.zh}通常为 {{typical}} {measure}"
        said_en = f"{en}: {{value}} {unit}; {self.en} usually {{typical}}"
        return Feature(name, "number", unit, theme, zh, en, said_zh, said_en)

    def count(self, name: str, theme: str, zh: str, en: str, measure: str = "次") -> Feature:
        """A whole number of `measure`."""
        said_zh = f"{zh} {{value}} {measure}，{self.zh}通常为 {{typical}} {measure}"
        return Feature(
            name, "number", "count", theme, zh, en, said_zh, f"{en}: {{value}}; {self.en} usually {{typical}}"
        )

    def rate(self, name: str, theme: str, zh: str, en: str) -> Feature:
        """A share, told in per cent."""
        said_zh, said_en = (
            f"{zh} {{value}}，{self.zh}通常为 {{typical}}",
            f"{en} {{value}}; {self.en} usually {{typical}}",
        )
        return Feature(name, "number", "rate", theme, zh, en, said_zh, said_en)

    def yes_no(self, name: str, theme: str, zh: str, en: str) -> Feature:
        """A yes or no: what winners show is the share with the same answer."""
        said_zh = f"{zh}：{{value}}，{self.zh}中 {{typical}} 相同"
        return Feature(
            name, "boolean", "yes_no", theme, zh, en, said_zh, f"{en}: {{value}}, the same as {{typical}} of {self.en}"
        )
