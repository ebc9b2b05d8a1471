"""What a user causes: the command line prints it as one line and exits with code 2."""

from __future__ import annotations


class InputError(Exception):
    """Something given to V-Lens is not what it must be; the message names it and says what was expected."""


class RefusedImageError(InputError):
    """One image of a source cannot be used; a run lists it and goes on with the others."""

    def __init__(self, name: str, reason: str) -> None:
        """`name` is what the user knows the image by, as far as it can be printed."""
        self.name = printable(name)
        self.reason = printable(reason)
        super().__init__(f"{self.name}: {self.reason}")

    def __reduce__(self) -> tuple[type[RefusedImageError], tuple[str, str]]:
        # By default an exception is made again from its message alone, which fails in a data loader's worker.
        return type(self), (self.name, self.reason)


def printable(text: str) -> str:
    r"""`text` with escapes for what would not show on a terminal or could not be stored, such as "\x1b"."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
