"""The title, the authors, and where they work."""
