"""Passages in, cited digest out; page, web UI, command line."""
