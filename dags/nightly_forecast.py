"""Every night at 01:30: read the systems, forecast where the period will land, publish, tell the CRM and people.

Owner: data engineering. The build is due at 07:30; `dags/build_deadline.py` looks whether it is there.
Runbook, when a task fails (its log's last line is the sentence to act on):
- `as_of`: somebody runs a night, a backfill or an upgrade by hand. Wait for its end, clear the task; what it did is not done twice.
- `history`, `extract` (one task a system): the source refused or is down. Nothing is lost: clear the task, it resumes at its page. The
  night goes on without the system while what landed of it is young enough; afterwards `make rerun SYSTEM=… AS_OF=…`.
- `gate_*` (exit 3, not retried): the data are not what we believe such data are. The last build stays published. Read
  `<home>/data_docs`, mend the source or the setting, clear the gate.
- `features`, `marts`, `sync`: dbt names the model. Clear the task; models that were built are built again, rows are not doubled.
- `train`, `score`, `forecast`: the last promoted model stays. Clear the task.
- `publish`: readers still see the last build. Clear the task.
- `write_back`: receipts say what the CRM took. Clear the task; only what is owed is sent, and the backup is made again with it.
- `backup`: the folder of backups is full or cannot be written; the night itself is done. Make room, clear the task. It is taken of every
  night that was published, also where `write_back` or `notify` failed; `verdict` runs nothing: it makes such a run red all the same.
- Pages (`make bi`): what the night says is `/superset/dashboard/p1/` below `LANDFALL_PUBLIC_URL`, whether it can be trusted
  `…/p8/`; the log of `publish` ends with both addresses.
- `notify`: a channel refused or is down; receipts say whom it did not reach. Clear the task: who was told is not told again.
"""

import json
from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param
from airflow.sdk.bases.operator import chain

EACH_SYSTEM = "extract"
RULES = {  # all others want all that stands before them
    "gate_landing": "all_done",  # it says whether the night goes on without a system that failed
    "backup": "all_done_min_one_success",  # of publish and notify: what is published is kept, whether or not it was told
}
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
    ("notify", "connectors notify", 30, 2),
    ("backup", "nightly backup", 120, 1),
]

with DAG(
    dag_id="nightly_forecast",
    schedule="30 1 * * *",
    catchup=False,
    max_active_runs=1,
    params={
        "as_of": Param(
            None, type=["null", "string"], format="date", description="business day; none: the day that ended last"
        ),
        "systems": Param(
            "", type="string", description="systems to read, separated by commas; empty: all that are connected"
        ),
    },
    default_args={"owner": "data engineering", "retry_delay": timedelta(seconds=30), "retry_exponential_backoff": True},
    doc_md=__doc__,
    tags=["landfall"],
):
    as_of = BashOperator(
        task_id="as_of",
        bash_command="python -m nightly as-of --asked '{{ params.as_of or '' }}' --scheduled-at '{{ dag_run.run_after }}'",
        do_xcom_push=True,
        retries=6,  # half an hour: whoever builds by hand at that hour may end meanwhile
    )
    systems = BashOperator(
        task_id="systems",
        bash_command="python -m nightly systems --asked '{{ params.systems }}'",
        output_processor=json.loads,
        do_xcom_push=True,
    )
    tasks = [as_of, systems]
    for task, command, minutes, retries in STEPS:
        line, limit = f"python -m {command} --as-of {DAY}", timedelta(minutes=minutes)
        if task == EACH_SYSTEM:  # one system's failure is no other's
            each = BashOperator.partial(
                task_id=task,
                bash_command=f"{line} --system $SYSTEM",
                append_env=True,
                execution_timeout=limit,
                retries=retries,
                skip_on_exit_code=None,
            )
            tasks.append(each.expand(env=systems.output.map(lambda name: {"SYSTEM": name})))  # type: ignore[arg-type]
            continue
        tasks.append(
            BashOperator(
                task_id=task,
                bash_command=line,
                execution_timeout=limit,
                retries=retries,
                skip_on_exit_code=None,
                trigger_rule=RULES.get(task, "all_success"),
            )
        )
    chain(*tasks)
    named, verdict = {task.task_id: task for task in tasks}, EmptyOperator(task_id="verdict")
    chain(named["publish"], named["backup"], verdict)
    chain(named["notify"], verdict)  # Airflow judges a run by its last task; the backup's end does not tell of this one
