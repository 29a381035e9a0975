"""Realign: measure and train cross-lingual alignment of multilingual encoders, and relate it to transfer."""

__version__ = "0.2.0"
