"""Every Sunday at 03:00: train challengers of the win and the lead model on all labels known by then; the gate decides.

Owner: data engineering. Runbook: a red run changes nothing, the champion stays. The task's log names the contender that was better, or
what was missing; clear the task after mending it.
"""

from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param
from airflow.sdk.bases.operator import chain

with DAG(
    dag_id="train_win_model",
    schedule="0 3 * * 0",
    catchup=False,
    max_active_runs=1,
    params={
        "as_of": Param(
            None, type=["null", "string"], format="date", description="business day; none: the day that ended last"
        )
    },
    default_args={"owner": "data engineering", "retries": 1, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["landfall"],
):
    as_of = BashOperator(
        task_id="as_of",
        bash_command="python -m nightly as-of --asked '{{ params.as_of or '' }}' --scheduled-at '{{ dag_run.run_after }}'",
        do_xcom_push=True,
    )
    train = BashOperator(
        task_id="train",
        bash_command="python -m ml train --as-of {{ ti.xcom_pull(task_ids='as_of') }}",
        execution_timeout=timedelta(minutes=60),
    )
    chain(as_of, train)
