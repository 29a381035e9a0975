"""Shared by all fetches: retry after transient failures, and explain permanent ones in one sentence."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from realign.errors import InputError

T = TypeVar("T")

ATTEMPTS = 5
FIRST_PAUSE = 1.0
"""Seconds before the second attempt; each further pause is twice as long."""


def retrying(action: Callable[[], T], what: str, sleep: Callable[[float], None] = time.sleep) -> T:
    """The action's result; transient failures (no connection, a busy server) are retried with growing pauses."""
    for attempt in range(1, ATTEMPTS):
        try:
            return action()
        except Exception as error:
            if not _may_pass(error):
                raise
            pause = FIRST_PAUSE * 2 ** (attempt - 1)
            print(f"{what}: attempt {attempt} of {ATTEMPTS} failed ({_short(error)}); next in {pause:g} s", flush=True)
            sleep(pause)
    return action()


def _may_pass(error: BaseException) -> bool:
    from huggingface_hub import is_offline_mode
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    if is_offline_mode():
        return False
    for cause in _causes(error):
        if isinstance(cause, HfHubHTTPError):
            return cause.response is not None and (
                cause.response.status_code >= 500 or cause.response.status_code == 429
            )
    return any(
        isinstance(cause, ConnectionError | TimeoutError | LocalEntryNotFoundError) or _is_transport(cause)
        for cause in _causes(error)
    )


def _is_transport(error: BaseException) -> bool:
    """Whether an error is a connection error of the HTTP client, judged by its name because the client may change."""
    return any(base.__name__ in ("TransportError", "RequestException") for base in type(error).__mro__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


@contextmanager
def explained(what: str, revision: str) -> Iterator[None]:
    """Turn the errors of the hub's clients about `what` at `revision` into one sentence."""
    from datasets.exceptions import DatasetNotFoundError
    from huggingface_hub import is_offline_mode
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except InputError:
        raise
    except Exception as error:
        causes = list(_causes(error))
        if is_offline_mode() and any(isinstance(cause, ConnectionError | LocalEntryNotFoundError) for cause in causes):
            raise InputError(
                f"{what}: not in the local cache, and HF_HUB_OFFLINE is set; fetch once where there is a network"
            ) from None
        missing = next((cause for cause in causes if isinstance(cause, DatasetNotFoundError)), None)
        if any(isinstance(cause, RevisionNotFoundError) for cause in causes) or "Revision" in str(missing):
            raise InputError(f"{what}: the hub has no revision {revision!r} of it") from None
        if any(isinstance(cause, GatedRepoError) for cause in causes):
            raise InputError(f"{what}: gated; accept its terms on the hub and log in first") from None
        if any(isinstance(cause, RepositoryNotFoundError) for cause in causes) or missing is not None:
            raise InputError(f"{what}: the hub has no such repository, or it is private") from None
        if _may_pass(error):
            raise InputError(
                f"{what}: the hub cannot be reached ({_short(error)}); fetching needs a network, later stages do not"
            ) from None
        raise


def is_commit(revision: str) -> bool:
    """Whether a revision names a commit itself rather than a branch or tag."""
    return re.fullmatch(r"[0-9a-f]{40}", revision) is not None
