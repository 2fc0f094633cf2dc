"""Reading of text that people write (configuration, claims, the paper), with one message if it is no text."""

import codecs
from pathlib import Path
from typing import Final

from ickrr.errors import FileError

LARGEST: Final = 10_000_000  # bytes; no text that a person writes comes near
SAVE: Final = "save it as UTF-8"
# The mark of UTF-32 begins with that of UTF-16.
MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def read_text(path: Path, *, plain: bool = False) -> str:
    """Read a text in UTF-8, or in the encoding whose mark it begins with (PowerShell's ``>`` writes UTF-16).

    Args:
        path: the file.
        plain: it is also read by other programs, which know only UTF-8.

    Raises:
        FileError: it cannot be read, is too large, or is no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise FileError(
            f"{path}: cannot be read ({error.strerror}); is this the file that you mean?"
        ) from error
    if len(content) > LARGEST:
        raise FileError(f"{path}: is larger than {LARGEST // 1_000_000} MB; is this the file that you mean?")
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    if plain and encoding not in ("utf-8", "utf-8-sig"):
        raise FileError(f"{path}: is in {encoding.upper()}, which not all programs here read; {SAVE}")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = f"byte 0x{content[error.start]:02x} is no {encoding.removesuffix('-sig').upper()}"
        raise FileError(f"{path}:{line}: {found}: it is in another encoding or no text; {SAVE}") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise FileError(f"{path}:{line}: holds NUL bytes: it is in another encoding or no text; {SAVE}")
    return text.replace("\r\n", "\n")
