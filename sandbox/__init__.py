"""An invented company behind faithful APIs, and the embedded Postgres: imported by nothing it imitates."""
