"""Evaluations of the index and the app on data that others made."""
