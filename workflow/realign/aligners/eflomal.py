"""The eflomal aligner: both directions by sampling (Östling and Tiedemann 2016), symmetrised as FastAlign's are."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realign.aligners.both_directions import ATOOLS, link_both_ways
from realign.aligners.inputs import AlignerInputs
from realign.aligners.programs import eflomal as own_eflomal

EFLOMAL = (sys.executable, "-m", own_eflomal.__name__)


def align(inputs: AlignerInputs, links: Path, settings: Mapping[str, Any]) -> None:
    """Write the symmetrised links of a bitext to `links`; `settings` are those of the aligner's row.

    The same bitext, context and seed give the same links. Raises `InputError` for an empty bitext.
    """
    options = ["--seed", str(settings["seed"]), "--samplers", str(settings["samplers"])]
    link_both_ways(inputs, links, EFLOMAL, options, ATOOLS, settings["symmetrization"])
