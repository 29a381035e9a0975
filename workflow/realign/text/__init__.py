"""Readers and writers of the field's text formats: bitext, Pharaoh links, CoNLL, dictionaries."""
