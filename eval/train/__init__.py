"""Training: makes the data files of weights that gloss ships, from papers that were judged by hand.

Each module trains one file and is run as ``python -m eval.train.NAME --data FOLDER``; the same data
gives the same bytes. scikit-learn is needed here alone, gloss itself applies the weights
with numpy.
"""
