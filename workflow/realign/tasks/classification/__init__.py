"""Classification: a label for a sentence, or for a pair of sentences."""
