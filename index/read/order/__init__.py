"""What stands where: rows, columns, paragraphs, and what goes on elsewhere."""
