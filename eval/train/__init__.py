"""The models that come with gloss, made from judged and labelled sentences."""
