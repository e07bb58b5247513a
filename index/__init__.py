"""Papers in, ranked passages out."""

__version__ = "0.1.0"  # of all of gloss; a Space has the code and no installed package to ask
