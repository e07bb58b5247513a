"""A checked English sentence in Chinese, and what must not change on the way."""
