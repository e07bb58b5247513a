"""Figures, tables, captions, and other text outside the running text."""
