"""The pages that people look at, as code: described in `pages/` and `datasets/`, put together in `bundle.py`, loaded in `server/`."""
