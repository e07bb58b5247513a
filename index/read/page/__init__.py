"""What a page draws: words with their types and places, what hides them, and letters put right."""
