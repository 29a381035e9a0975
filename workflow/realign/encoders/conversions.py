"""Build transformers' table of renamed weights on import, so that jobs that share their imports share it too.

The table has about a thousand patterns, and compiling them takes longer than loading a small encoder. transformers
builds it once in a process, when it loads or saves a model.
"""

from contextlib import suppress

with suppress(ImportError):  # another version of transformers builds it where it needs it
    from transformers.conversion_mapping import get_checkpoint_conversion_mapping

    get_checkpoint_conversion_mapping("")
