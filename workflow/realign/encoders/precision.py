"""The precision of matrix products, defined without importing torch."""

from typing import Literal

Precision = Literal["auto", "float32", "bfloat16"]
"""`auto` is bfloat16 on devices built for it, else float32."""
