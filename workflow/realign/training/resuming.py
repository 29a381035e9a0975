"""Continue an interrupted training from its last saved state, with the same bytes as without interruption."""

import hashlib
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from realign.errors import InputError
from realign.text.files import atomic_path

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
"""What a scheduler sends before it kills (preemption, time limit), and what Ctrl-C sends."""


class Interrupted(InputError):
    """A signal asked the training to stop; its state is saved."""


class TrainingState:
    """Weights, optimiser, random states, losses and step of a training, in a folder that is no rule's output.

    It belongs to one training: it is ignored if `identity` (inputs, settings, code) differs.
    """

    def __init__(self, folder: Path, identity: str, interval: float = 600.0) -> None:
        """Save to `folder` every `interval` seconds, and when a signal arrives."""
        self.folder, self.interval = folder, interval
        self.identity = hashlib.sha256(identity.encode()).hexdigest()
        self._saved_at = time.monotonic()
        self._signal: int | None = None

    @property
    def path(self) -> Path:
        """The state's file."""
        return self.folder / "state.pt"

    def restore(
        self, model: nn.Module, optimizer: Optimizer, losses: list[float], cosines: dict[int, float]
    ) -> int | None:
        """Restore all four from the saved state of this training, if any; the next step is `len(losses)`.

        Returns how many sentences to compute at a time, which a lack of memory may have reduced.
        """
        try:
            saved = torch.load(self.path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception as error:  # torch raises many types for a file cut off by a full disk or a crash
            print(f"{self.path}: not a readable state ({type(error).__name__}); training starts over", flush=True)
            return None
        if saved["identity"] != self.identity:
            print(f"{self.path}: saved by a training with other inputs or settings; this one starts over", flush=True)
            return None
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        losses[:] = saved["losses"]
        cosines.update(saved["cosines"])
        torch.set_rng_state(saved["random"])
        if torch.cuda.is_available() and saved["random_gpu"]:
            torch.cuda.set_rng_state_all(saved["random_gpu"])
        print(f"{self.path}: continuing after step {len(losses)}", flush=True)
        at_once: int | None = saved["at_once"]
        return at_once

    def due(self) -> bool:
        """Whether it is time to save, or a signal has arrived."""
        return self._signal is not None or time.monotonic() - self._saved_at >= self.interval

    def save(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        losses: list[float],
        at_once: int | None,
        cosines: dict[int, float],
    ) -> None:
        """Save the state for `restore`; if a signal has arrived, raise `Interrupted` afterwards."""
        state: dict[str, Any] = {
            "identity": self.identity,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "losses": losses,
            "cosines": cosines,
            "at_once": at_once,
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }
        with atomic_path(self.path) as temporary:
            torch.save(state, temporary)
        self._saved_at = time.monotonic()
        if self._signal is not None:
            name = signal.Signals(self._signal).name
            raise Interrupted(f"stopped by {name} after step {len(losses)}; the next try continues from {self.path}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record signals instead of ending on them, until the block ends; only a main thread can receive them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._note) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signal = number

    def remove(self) -> None:
        """Delete the state, once the artifact is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
