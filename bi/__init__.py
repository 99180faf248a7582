"""The pages that people look at, as code: descriptions in `pages/` and `datasets.yml`, what Superset is given in `bundle.py`, Superset's own side in `server/`."""
