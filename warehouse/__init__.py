"""The only door to PostgreSQL: connections, migrations, landing, builds, publishing, settings."""
