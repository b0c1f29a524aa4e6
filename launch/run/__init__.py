"""Runs in folders, for any trainer. Nothing here knows a configuration or a flag."""
