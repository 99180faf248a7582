"""Twenty secrets and as many persons: a night and a failure of each of its steps leave them where they belong and nowhere else."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from config.settings import Settings
from tests.end_to_end.canaries import found_outside, phones_of, secrets_in_use
from tests.end_to_end.conftest import LineMaker, LinePointer
from tests.end_to_end.line import Line, steps_of_the_dag

pytestmark = pytest.mark.slow
IN_USE = ("vault_key", "token_seed", "fxiaoke_app_secret", "fxiaoke_permanent_code")
UNUSED = [name for name, each in Settings.model_fields.items() if each.annotation is SecretStr and name not in IN_USE]
PLANTED = {name.upper(): f"canary-{number:02d}-of-{name}" for number, name in enumerate(UNUSED)}
REFUSE = """
create function ops.refuse() returns trigger language plpgsql as $$
begin
    raise exception '{said}' using detail = 'Key (original)=({said}) exists', hint = '{said}';
end $$;
create trigger refuse before insert on ops.step_runs for each row execute function ops.refuse();
"""


@pytest.fixture(scope="module")
def planted(new_line: LineMaker, first_night: Line) -> Line:
    """A company after its night that knows a secret of every system and channel."""
    line = new_line.twin(first_night, "canaries")
    line.environment = line.environment | PLANTED
    return line


@pytest.fixture
def failing(planted: Line, use_line: LinePointer) -> Iterator[tuple[Line, list[str]]]:
    """The company on a day on which its database refuses the start of every step and says secrets and phones with it."""
    use_line(planted)
    values = [*phones_of(planted.home), *secrets_in_use(planted.home)]
    planted.rows(REFUSE.format(said=" ".join(values)), role="owner_ddl")
    yield planted, values
    planted.rows("drop function ops.refuse cascade", role="owner_ddl")


def test_twenty_of_each_are_planted(planted: Line, use_line: LinePointer) -> None:
    use_line(planted)
    assert set(PLANTED.values()) <= set(secrets_in_use(planted.home))
    assert min(len(PLANTED), len(set(phones_of(planted.home)))) >= 20


def test_what_each_step_says_when_it_fails_names_none_of_them(failing: tuple[Line, list[str]]) -> None:
    line, values = failing
    steps = [
        task for task, _ in steps_of_the_dag() if task != "backup"
    ]  # which asks for a folder first and has none here
    for task in steps:
        done = line.step(task, line.day)
        assert (done.returncode, "***" in done.output) == (1, True), f"{task}: {done.output[-500:]}"
    assert found_outside(values) == []
    assert found_outside([steps[0]]) != [], "what steps say is kept where we look"
    held = "select count(*) from vault.persons where original = any(%s)"
    assert line.rows(held, phones_of(line.home), role="loader")[0][0] >= 10, "the vault did take the persons in"
