"""Figures, tables and their captions, and what else stands beside the text."""
