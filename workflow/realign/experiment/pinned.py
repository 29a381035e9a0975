"""Find inputs that may change under the same name, so that what depends on them is not shared between folders."""

import re

from realign.config.models import ModelHub
from realign.config.sources import is_hub
from realign.config.whole import Config


def unpinned(config: Config) -> list[str]:
    """The config keys of fetched inputs that are not pinned to their content."""
    revisions = {
        f"models.{name}": model.revision for name, model in config.models.items() if isinstance(model, ModelHub)
    }
    if is_hub(config.bitext):
        revisions["bitext"] = config.bitext.revision
    keys = [f"{key}.revision" for key, revision in revisions.items() if not re.fullmatch("[0-9a-f]{40}", revision)]
    if is_hub(config.dictionaries) and any(row.dictionary for row in config.used_aligners):
        unknown = set(config.target_languages) - set(config.dictionaries.sha256)
        keys += [f"dictionaries.sha256.{language}" for language in sorted(unknown)]
    return keys
