"""The entry point for Hugging Face Spaces."""

from app.serve.server import serve_space

if __name__ == "__main__":  # the workers that read papers import this file too
    serve_space()
