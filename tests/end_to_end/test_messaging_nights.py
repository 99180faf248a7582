"""Nights that read the messaging platforms beside the CRM: gates pass, follow-ups reach deals, scores reach customers."""

import pytest

from tests.end_to_end.conftest import LineMaker

pytestmark = pytest.mark.soak  # the line's own tests read the CRM alone, to keep their time

FEATURES = (
    "select md5(string_agg(f::text, '' order by opportunity_id, revision)) from features.opportunity_features as f"
    " where as_of_date = %s"
)
TOLD = "select evidence, count(*), count(opportunity_id) from intermediate.int_messages_matched where system = 'dingtalk' group by 1"
VERDICTS = "select distinct on (as_of, border) as_of, border, verdict from ops.gate_verdicts order by as_of, border, verdict_id desc"
ZEROS = "select count(*), sum((record->>'chat_cnt')::int) from landing.wecom__member_days where record->>'is_provisional' = 'true'"


def test_two_nights_with_every_platform(new_line: LineMaker) -> None:
    line = new_line("messaging", SOURCES="fxiaoke,wecom,dingtalk")
    line.night(line.day, until="gate_features")
    first = line.rows(FEATURES, line.day)
    landed = [
        line.rows(f"select count(*) from landing.{name}")[0][0] for name in ("wecom__contacts", "dingtalk__follow_ups")
    ]
    assert min(landed) > 0
    days, chats = line.rows(ZEROS)[0]
    assert (days > 0, chats) == (True, 0)
    told = {evidence: (found, deals) for evidence, found, deals in line.rows(TOLD)}
    assert sum(deals for _, deals in told.values()) > 0
    day = line.day
    line.advance()
    line.night(line.day, until="gate_features")
    assert line.rows(FEATURES, day) == first
    assert {verdict for _, _, verdict in line.rows(VERDICTS)} == {"passed"}


def test_a_night_gives_dingtalks_customers_the_scores_of_their_best_deals(new_line: LineMaker) -> None:
    seed = "3"  # a company of which five customers in DingTalk have an open deal
    line = new_line("told", SOURCES="fxiaoke,dingtalk", WRITEBACK="dingtalk", SANDBOX_SEED=seed)
    line.night(line.day)
    ((owed,),) = line.rows("select count(*) from sync.sync_dingtalk__customer_scores")
    assert owed > 0
    receipts = "select system, entity, state, count(*) from ops.writeback_receipts group by 1, 2, 3"
    assert line.rows(receipts) == [("dingtalk", "customer", "acked", owed)]
    assert "0 sent" in line.ask("connectors", "writeback", "--as-of", line.day.isoformat())
