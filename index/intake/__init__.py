"""Papers in, many at a time: what arXiv announced or people named, read ahead, taken in order.

What is worth having is settled before anything is downloaded (``look_up``, ``plan``). Then threads
download and read some papers ahead while one is embedded and stored (``add_all``), always in the
order in which they were asked for, so that the same papers give the same library.
"""

from __future__ import annotations

from index.intake.adding import add_all
from index.intake.named import look_up
from index.intake.news import plan
from index.intake.wanted import Arxiv, ArxivQuery, ArxivSelection, Outcome, Plan, Wanted

__all__ = [
    "Arxiv",
    "ArxivQuery",
    "ArxivSelection",
    "Outcome",
    "Plan",
    "Wanted",
    "add_all",
    "look_up",
    "plan",
]
