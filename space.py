"""The entry point for Hugging Face Spaces."""

from app.ui import launch_space

if __name__ == "__main__":  # the workers that read papers import this file too
    launch_space()
