"""Secret files in memory."""

from pmdaemon.core.errors import HomeUnusable


class FakeSecretFiles:
    """Remembers them; while `failing`, nothing can be written."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.failing = False

    def read(self, name: str) -> str | None:
        """Read one; None when there is none."""
        return self.texts.get(name)

    def write(self, name: str, text: str) -> str:
        """Write one, and return its path.

        Raises:
            HomeUnusable: it was told to fail.

        """
        if self.failing:
            raise HomeUnusable(f"cannot write /home/{name}: no space left on device")
        self.texts[name] = text
        return f"/home/{name}"

    def remove(self, name: str) -> None:
        """Remove one; that there is none is as well."""
        self.texts.pop(name, None)
