"""Scripts that measure, each run by itself: ``python eval/measure/NAME.py``."""
