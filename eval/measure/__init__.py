"""Measuring scripts, each run on its own: ``python eval/measure/NAME.py``."""
