"""A storage for the tests: objects are files of another folder, fetched and sent by copying."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snakemake_interface_storage_plugins.io import IOCacheStorageInterface
from snakemake_interface_storage_plugins.storage_object import StorageObjectRead, StorageObjectWrite
from snakemake_interface_storage_plugins.storage_provider import (
    ExampleQuery,
    Operation,
    StorageProviderBase,
    StorageQueryValidationResult,
)


class StorageProvider(StorageProviderBase):
    """Knows nothing but paths."""

    @classmethod
    def example_queries(cls) -> list[ExampleQuery]:
        return []

    @classmethod
    def is_valid_query(cls, query: str) -> StorageQueryValidationResult:
        return StorageQueryValidationResult(query=query, valid=query.startswith("/"), reason="not an absolute path")

    def rate_limiter_key(self, query: str, operation: Operation) -> Any:  # noqa: ARG002
        return None

    def default_max_requests_per_second(self) -> float:
        return 100.0

    def use_rate_limiter(self) -> bool:
        return False

    def list_objects(self, query: Any) -> Iterable[str]:
        return map(str, Path(query).rglob("*"))


class StorageObject(StorageObjectRead, StorageObjectWrite):
    """One file."""

    async def inventory(self, cache: IOCacheStorageInterface) -> None:
        pass

    def get_inventory_parent(self) -> str | None:
        return None

    def local_suffix(self) -> str:
        return self.query.lstrip("/")

    def cleanup(self) -> None:
        pass

    def exists(self) -> bool:
        return Path(self.query).exists()

    def mtime(self) -> float:
        return Path(self.query).stat().st_mtime

    def size(self) -> int:
        return Path(self.query).stat().st_size

    def retrieve_object(self) -> None:
        shutil.copy2(self.query, self.local_path())

    def store_object(self) -> None:
        Path(self.query).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.local_path(), self.query)

    def remove(self) -> None:
        Path(self.query).unlink()
