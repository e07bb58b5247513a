"""Choose the sentences of a paper that answer the items of a digest."""
