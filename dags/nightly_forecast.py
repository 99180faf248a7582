"""Every night at 01:30: read the systems, forecast where the period will land, publish, tell the CRM.

Owner: data engineering. The build is due at 07:30; `dags/build_deadline.py` looks whether it is there.
Runbook, when a task fails (its log's last line is the sentence to act on):
- `history`, `extract`: the source refused or is down. Nothing is lost: clear the task, it resumes at its page.
- `gate_*` (exit 3, not retried): the data are not what we believe such data are. The last build stays published. Read
  `<home>/data_docs`, mend the source or the setting, clear the gate.
- `features`, `marts`, `sync`: dbt names the model. Clear the task; models that were built are built again, rows are not doubled.
- `train`, `score`, `forecast`: the last promoted model stays. Clear the task.
- `publish`: readers still see the last build. Clear the task.
- `write_back`: receipts say what the CRM took. Clear the task; only what is owed is sent.
"""

from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param
from airflow.sdk.bases.operator import chain

DAY = "{{ ti.xcom_pull(task_ids='as_of') }}"
STEPS = [  # task, command, minutes it may take, retries
    ("history", "connectors history", 60, 2),
    ("extract", "connectors extract", 120, 3),
    ("gate_landing", "expectations landing", 15, 0),
    ("features", "nightly dbt features", 60, 1),
    ("gate_features", "expectations features", 15, 0),
    ("train", "ml train --if-missing", 60, 1),
    ("open_build", "warehouse open-build", 10, 2),
    ("score", "ml score", 30, 1),
    ("forecast", "ml forecast", 30, 1),
    ("marts", "nightly dbt marts", 60, 1),
    ("gate_marts", "expectations marts", 15, 0),
    ("publish", "warehouse publish", 15, 2),
    ("sync", "nightly dbt sync", 30, 1),
    ("write_back", "connectors writeback", 120, 2),
]

with DAG(
    dag_id="nightly_forecast",
    schedule="30 1 * * *",
    catchup=False,
    max_active_runs=1,
    params={"as_of": Param("", type="string", description="business day YYYY-MM-DD; empty: the day that ended last")},
    default_args={"owner": "data engineering", "retry_delay": timedelta(seconds=30), "retry_exponential_backoff": True},
    doc_md=__doc__,
    tags=["landfall"],
):
    as_of = BashOperator(
        task_id="as_of",
        bash_command="python -m nightly as-of --asked '{{ params.as_of }}' --scheduled-at '{{ dag_run.run_after }}'",
        do_xcom_push=True,
    )
    steps = [
        BashOperator(
            task_id=task,
            bash_command=f"python -m {command} --as-of {DAY}",
            execution_timeout=timedelta(minutes=minutes),
            retries=retries,
            skip_on_exit_code=None,
        )
        for task, command, minutes, retries in STEPS
    ]
    chain(as_of, *steps)
