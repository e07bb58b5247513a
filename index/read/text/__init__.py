"""What words say: joined to plain text, cut into sentences, known as names of sections."""
