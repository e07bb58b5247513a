"""The web UI and the API at one address, here and on Hugging Face Spaces."""
