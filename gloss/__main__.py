"""``python -m gloss``: the command line."""

from gloss import main

main()
