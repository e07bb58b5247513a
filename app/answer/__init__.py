"""Which sentences of papers answer a question, by a ranker that was trained on judged answers."""
