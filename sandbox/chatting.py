"""Who of the company talks to customers where: one team keeps its customers in WeCom, another in DingTalk.

In: the CRM's records as they stand. Out: members, their customers as another clerk spelled them, and what members did, computed from the
activities that they logged in the CRM: nothing is kept, equal records give equal answers, and nothing later than the clock is told.
"""

from dataclasses import dataclass, field
from hashlib import sha256

from sandbox.company.names import respelled
from sandbox.store import Store

WECOM_TEAM, DINGTALK_TEAM = "D201", "D101"
CALL, VISIT, MESSAGE = "1", "2", "3"  # kinds of the CRM's activity records
DAY_MS = 86_400_000
WRITTEN = "DingTalkCustomer"  # what was written to customers of DingTalk, by customer; no object of the CRM
_NEWEST = f"select coalesce((select seq from journal where object <> '{WRITTEN}' order by seq desc limit 1), 0) as seq"  # noqa: S608
_PEOPLE = """
select id, body ->> 'full_name' as name, create_time from current
where object = 'PersonnelObj' and body ->> '$.main_department[0]' = ? and body ->> 'status' = '0' order by id"""
_ACCOUNTS = """
select id, body ->> 'name' as name, body ->> '$.owner[0]' as owner, create_time, last_modified_time from current
where object = 'AccountObj' order by id"""
_DEALS = "select id, body ->> 'account_id' as account from current where object = 'NewOpportunityObj'"
_DONE = """
select id, create_time as at, body ->> 'active_record_type' as kind, body ->> '$.owner[0]' as owner,
    body ->> '$.related_object_data[0].id' as target
from current where object = 'ActiveRecordObj' and body ->> 'active_record_type' in ('1', '2', '3') order by id"""


def dice(*parts: object) -> int:
    """A number that depends on the parts alone."""
    return int.from_bytes(sha256("\x1f".join(map(str, parts)).encode()).digest()[:6], "big")


@dataclass(frozen=True, slots=True)
class Member:
    """One of the team: CRM user id, name, when they joined (epoch ms)."""

    id: str
    name: str
    joined: int


@dataclass(frozen=True, slots=True)
class Done:
    """One activity that a member logged: its id, when (epoch ms), which kind, who."""

    id: str
    at: int
    kind: str
    owner: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the team: account id, name as the CRM has it, present owner, its instants (epoch ms), and what was done on it."""

    id: str
    name: str
    owner: str
    created: int
    modified: int
    done: list[Done] = field(default_factory=list)

    @property
    def other_name(self) -> str:
        """The name as another clerk would type it."""
        return respelled(self.name, dice("spelling", self.id)).strip()


@dataclass(frozen=True, slots=True)
class Team:
    """Members by id, customers by account id, what members did by member."""

    members: dict[str, Member]
    customers: dict[str, Customer]
    done: dict[str, list[Done]]


class Chatting:
    """The teams of one served company, read once for each state of the CRM."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read_at, self._teams = -1, dict[str, Team]()

    def team(self, code: str) -> Team:
        """The team as the CRM's records stand now."""
        newest = int(self._store.rows(_NEWEST, ())[0]["seq"])
        if newest != self._read_at:
            self._read_at, self._teams = newest, {}
        if code not in self._teams:
            self._teams[code] = self._read(code)
        return self._teams[code]

    def _read(self, code: str) -> Team:
        people = self._store.rows(_PEOPLE, [code])
        members = {row["id"]: Member(row["id"], str(row["name"]), row["create_time"]) for row in people}
        accounts = {row["id"]: row for row in self._store.rows(_ACCOUNTS, ())}
        of_deal = {row["id"]: row["account"] for row in self._store.rows(_DEALS, ())}
        own = [row for row in self._store.rows(_DONE, ()) if row["owner"] in members]
        done: dict[str, list[Done]] = {member: [] for member in members}
        on: dict[str, list[Done]] = {key: [] for key, row in accounts.items() if row["owner"] in members}
        for row in own:
            each = Done(row["id"], row["at"], row["kind"], row["owner"])
            done[row["owner"]].append(each)
            account = of_deal.get(row["target"], row["target"])
            if account in accounts:
                on.setdefault(account, []).append(each)
        customers = {
            key: Customer(
                key, str(accounts[key]["name"]), str(accounts[key]["owner"]), accounts[key]["create_time"],
                accounts[key]["last_modified_time"], on[key],
            )
            for key in sorted(on)
        }  # fmt: skip
        return Team(members, customers, done)
