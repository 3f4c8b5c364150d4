"""Secrets of one kind in a file of the home, the newest first."""

import json
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from pmdaemon.core.errors import HomeUnusable
from pmdaemon.engine.interfaces import SecretFiles

T = TypeVar("T", bound=msgspec.Struct)


class SecretList(Generic[T]):
    """Reads the file once, and writes it anew when the secrets change.

    Args:
        files: where it is.
        file: its name.
        field: what the list is called in it.
        kind: what one of them is.
        loss: what follows from it when the file is damaged, for the sentence that says so.

    """

    def __init__(
        self, files: SecretFiles, file: str, *, field: str, kind: type[T], loss: str
    ) -> None:
        self.file = file
        self._files = files
        self._field = field
        self._kind = kind
        self._loss = loss
        self._secrets: Sequence[T] | None = None

    def all(self) -> Sequence[T]:
        """Return all secrets; none where there is no file.

        Raises:
            HomeUnusable: the file is damaged.

        """
        if self._secrets is None:
            text = self._files.read(self.file)
            try:
                data = json.loads(text) if text is not None else {self._field: []}
                self._secrets = [msgspec.convert(one, self._kind) for one in data[self._field]]
            except (ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
                raise HomeUnusable(
                    f"cannot use the file {self.file} in the home: it is damaged; {self._loss}"
                ) from error
        return self._secrets

    def replace(self, secrets: Sequence[T]) -> None:
        """Have these, and no others."""
        text = msgspec.json.encode({self._field: secrets}).decode()
        self._files.write(self.file, f"{text}\n")
        self._secrets = secrets
