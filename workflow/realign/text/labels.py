"""The standard label sets."""

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM",
    "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
"""The 17 universal part-of-speech tags of Universal Dependencies v2, in alphabetical order."""
ENTITIES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
"""BIO labels of persons, places and organisations, in WikiANN's order."""
INFERENCE = ("entailment", "neutral", "contradiction")
"""In XNLI's order."""
PARAPHRASE = ("0", "1")
"""1 for sentences that say the same."""
TOPICS = ("science/technology", "travel", "politics", "sports", "health", "entertainment", "geography")
"""The topics of SIB-200."""
