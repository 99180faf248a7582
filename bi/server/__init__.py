"""Superset's own side: runs in `.venv-bi`, imports nothing of ours and reads one file, `<SUPERSET_HOME>/landfall.json`."""
