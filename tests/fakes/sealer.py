"""A sealer that hides nothing, and knows by which key and about what each text was sealed."""

import json

from pmdaemon.core.errors import OperationFailed


class FakeSealer:
    """Seals with numbered keys; while `failing`, there can be no new one."""

    def __init__(self) -> None:
        self.failing = False
        self._newest = 0
        self._keys = {0}

    def seal(self, text: str, *, about: str) -> bytes:
        """Seal a text."""
        return json.dumps([self._newest, about, text]).encode()

    def open(self, sealed: bytes, *, about: str) -> str:
        """Open what was sealed."""
        try:
            key, sealed_about, text = json.loads(sealed)
        except ValueError:
            raise OperationFailed("it was altered", code="seal_broken") from None
        if key not in self._keys:
            raise OperationFailed("its key is gone", code="sealing_key_missing")
        if sealed_about != about:
            raise OperationFailed("it was altered", code="seal_broken")
        return str(text)

    def begin_key(self) -> None:
        """Seal with a new key."""
        if self.failing:
            raise OperationFailed("there is no room for a key")
        self._newest += 1
        self._keys.add(self._newest)

    def forget_former_keys(self) -> None:
        """Keep the newest key only."""
        self._keys = {self._newest}
