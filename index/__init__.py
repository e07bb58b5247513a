"""Papers in, ranked passages out."""
