"""What every settings class shares: strict types, no unknown keys, and a documented source for each value."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Literal["sources", "our choice", "technical"]


class Settings(BaseModel):
    """Base of all settings: frozen, strictly typed, and closed (an unknown key is an error)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


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
