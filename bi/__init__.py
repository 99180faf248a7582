"""The pages that people look at, as code: described in `pages/` and `datasets.yml`, put together in `bundle.py`, loaded in `server/`."""
