"""Configuration: the only place that reads our environment."""
