"""How often the CRM lets itself be asked: per endpoint in 20 sandbox seconds, per day, and how many tokens a minute."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date

from sandbox.errors import DAILY_QUOTA_SPENT, TOO_FAST, CrmError

WINDOW_S = 20.0
TOKEN_WINDOW_S = 60.0


@dataclass(slots=True)
class Rules:
    """What tests may set while the server runs. 0 means unlimited; `token_life_s` is in our own seconds, as clients count it."""

    requests_per_20s: int = 100
    daily_quota: int = 100_000
    token_calls_per_minute: int = 10
    token_life_s: float = 7200.0
    round_trip_s: float = (
        0.0  # each answer of a system comes that much later, in our own seconds; others do not wait for it
    )
    denied_objects: tuple[str, ...] = ()
    locked_ids: tuple[str, ...] = ()
    fxiaoke_most_rows: int = 100  # of one page; what is asked for beyond is cut
    fxiaoke_sends_map: bool = False  # dataList of a single record is that record, no list of one
    fxiaoke_payment_field: str = "payment_amount"  # what payments call their amount
    fxiaoke_keeps_omitted: bool = True  # an update leaves alone what it does not name; otherwise it clears that
    fxiaoke_is_locked_applied: bool = False  # a locked record takes the values though the answer says it did not
    fxiaoke_shows_bin: bool = False  # queries show what lies in the recycle bin, with life_status invalid
    fxiaoke_shows_nulls: bool = False  # empty fields are sent as null though nobody asked for them
    fxiaoke_numbers_are_text: bool = True  # numbers and amounts travel as text
    kingdee_encodes_twice: bool = False
    kingdee_most_rows: int = 2000
    kingdee_zone: str = "Asia/Shanghai"  # the server's local time, which changes are dated in
    kingdee_session_s: float = 1200.0
    wecom_most_userids: int = 100  # in one page of contacts; some callers were refused more than 64
    wecom_rates_of_idle_days: bool = False  # rates of a day without chats are sent as 0 instead of left out
    wecom_zeros_for_yesterday: bool = True  # in the night the day that ended last is not counted yet
    dingtalk_is_template_needed: bool = False  # logs without a template's name are refused
    dingtalk_tells_modified_logs: bool = True  # logs carry modified_time
    dingtalk_shares_tokens: bool = True  # the older gateway takes the token of version 1.0
    dingtalk_zone: str = "Asia/Shanghai"  # of the times of customers
    dingtalk_follow_ups_touch: bool = True  # a follow-up moves its customer's modifyTime
    salesforce_is_multi_currency: bool = True  # orgs of one currency have no CurrencyIsoCode
    salesforce_page_rows: int = 2000  # rows of a page; Salesforce sends fewer where they are wide
    dingtalk_most_written: int = 20  # relations of one write; the vendor names no limit
    dingtalk_is_locked_applied: bool = False  # a locked customer takes the values though the answer says it did not
    baidu_most_rows: int = 5000  # of one page
    baidu_wants_action: bool = False  # a header without `action` is refused
    tencent_times_are_seconds: bool = False  # leads_action_time is a number of seconds instead of text
    salesforce_bulk_polls: int = 1  # looks at a job until it is done
    salesforce_bulk_rows: int = 50_000  # rows of a job's file
    salesforce_bulk_fails: bool = False  # jobs are given up
    salesforce_ingest_fails_at: int = 0  # a job that updates gives up after so many rows
    salesforce_certificate: str = ""  # PEM of the connected app's certificate, or of its public key alone
    fxiaoke_app_secrets: tuple[str, ...] = ("sandbox-secret",)  # two while one takes the other's place
    secrets: dict[str, list[str]] = field(default_factory=dict)  # of the other systems, by our settings' names

    def takes(self, setting: str, first: str, given: object) -> bool:
        """Whether a system takes this secret: the company's `first` one, until `secrets` says which hold instead."""
        return given in self.secrets.get(setting, [first])


class Quota:
    """Counts what was asked. Times are sandbox seconds."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._asked: defaultdict[str, deque[float]] = defaultdict(deque)
        self._day: date | None = None
        self._today = 0

    def spend(self, path: str, at_s: float, day: date) -> None:
        """Count one call of a data endpoint. Raises CrmError 30004 (too fast) or 30002 (the day's calls are spent)."""
        self._check(day)
        self._within(path, at_s, WINDOW_S, self.rules.requests_per_20s)
        self._today += 1

    def spend_of_day(self, day: date) -> None:
        """Count one call of a system that limits days alone. Raises CrmError 30002."""
        self._check(day)
        self._today += 1

    def spend_token(self, at_s: float) -> None:
        """Count one call of a token endpoint. Raises CrmError 30004."""
        self._within("token", at_s, TOKEN_WINDOW_S, self.rules.token_calls_per_minute)

    def _check(self, day: date) -> None:
        if day != self._day:
            self._day, self._today = day, 0
        if self.rules.daily_quota and self._today >= self.rules.daily_quota:
            raise CrmError(DAILY_QUOTA_SPENT, f"the {self.rules.daily_quota} calls of the day are spent")

    def _within(self, key: str, at_s: float, window_s: float, limit: int) -> None:
        asked = self._asked[key]
        while asked and asked[0] <= at_s - window_s:
            asked.popleft()
        if limit and len(asked) >= limit:
            raise CrmError(TOO_FAST, f"more than {limit} calls in {window_s:g} s")
        asked.append(at_s)
