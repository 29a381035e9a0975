"""The precision of matrix products, without torch."""

from typing import Literal

Precision = Literal["auto", "float32", "bfloat16"]
"""`auto` is bfloat16 where the device is made for it."""
