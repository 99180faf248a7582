"""At 07:30: is the night's build published? If not, the lateness is recorded, logged, and this run is red.

Owner: data engineering. A DAG of its own rather than a `DeadlineAlert` of the night (docs/adr/0005): it also speaks when the night
never started. Runbook: run `make summary`; its last lines name the step that stopped and the command to type.
"""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="build_deadline",
    schedule="30 7 * * *",
    catchup=False,
    default_args={"owner": "data engineering"},
    doc_md=__doc__,
    tags=["landfall"],
):
    BashOperator(task_id="look", bash_command="python -m nightly deadline --scheduled-at '{{ dag_run.run_after }}'")
