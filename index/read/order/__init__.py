"""Reading order: rows, columns, paragraphs, and paragraphs that continue elsewhere."""
