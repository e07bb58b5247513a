"""The index and the app, measured against what others wrote."""
