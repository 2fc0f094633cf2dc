"""What all settings classes share: strict types, no unknown keys, values that later stages can hold.

Each value has a documented source. No list holds a value twice, since all lists are sets.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

Source = Literal["sources", "our choice", "technical"]

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name that a file, a rule and a macro can have."""

WORDS: Final = "words"
Words = Annotated[str, WORDS]
"""Text for people: no setting that a result depends on."""
DERIVED: Final = "derived"
"""Marks a value that nobody writes: the library works it out from the others."""

LARGEST_INTEGER: Final = 2**32 - 1
"""It fits into every seed of a generator, every index and every column of a table."""
SMALLEST, LARGEST = 1e-18, 1e18
"""Bounds of numbers whose squares single precision can hold; a number that may be zero has no lower one."""

Flag = Annotated[bool, Field(strict=False)]
"""True or false in any of the ways that YAML knows: no, off, 0, False."""


class Settings(BaseModel):
    """Base of all settings: frozen, strictly typed, and closed (an unknown key is an error)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @field_validator("*")
    @classmethod
    def can_be_held(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse numbers that a later stage cannot hold, and lists that hold a value twice."""
        divides = _is_positive(cls.model_fields[str(info.field_name)])
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, int | float) and (problem := _why_not_held(item, divides)):
                raise PydanticCustomError("not_held", "{problem}", {"problem": problem, "item": item})
        if isinstance(value, list) and (twice := next(_repeated(value), None)) is not None:
            said = twice.model_dump(exclude_unset=True) if isinstance(twice, BaseModel) else twice
            raise PydanticCustomError("repeated", "holds {item} twice; keep one", {"item": repr(said)})
        return value


def _why_not_held(number: float, divides: bool) -> str:
    """Return what is wrong with a number; empty text if it can be held."""
    if isinstance(number, int):
        too_large = abs(number) > LARGEST_INTEGER
        return f"integers go up to {LARGEST_INTEGER} (2^32 - 1)" if too_large else ""
    if not math.isfinite(number):
        return "numbers are finite"
    if abs(number) > LARGEST or (divides and abs(number) < SMALLEST):
        return f"numbers go up to {LARGEST:g}, and positive ones down to {SMALLEST:g}"
    return ""


def _is_positive(field: FieldInfo) -> bool:
    """Say whether a setting, or each entry of a list, must be positive: such numbers may be divisors."""
    said = list(field.metadata)
    for argument in get_args(field.annotation):
        for item in getattr(argument, "__metadata__", ()):
            said += getattr(item, "metadata", [item])
    return any(getattr(item, "gt", None) == 0 for item in said)


def _repeated(values: list[Any]) -> Iterator[Any]:
    """Yield what equals an earlier entry; 0.0 and -0.0 are equal."""
    yield from (value for index, value in enumerate(values) if value in values[:index])


def setting(
    default: Any,
    description: str,
    source: Source = "our choice",
    unit: str = "",
    **bounds: Any,
) -> Any:
    """Declare one documented setting.

    Args:
        default: value used when the file does not give one.
        description: what it is, in one sentence.
        source: stated in the sources, chosen by us, or technical (no influence on the science).
        unit: unit of the value, empty for pure numbers and names.
        bounds: pydantic's bounds, for example ``gt=0``.
    """
    extra: dict[str, Any] = {"source": source, "unit": unit}
    return Field(default=default, description=description, json_schema_extra=extra, **bounds)
