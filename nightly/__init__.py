"""The commands that people type; runs dbt and Airflow as child processes."""
