"""Of a paper, the sentences that answer the items of a digest."""
