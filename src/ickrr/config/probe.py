"""Settings of the linear readouts of layers."""

from ickrr.config.fields import Settings, setting


class ProbeSettings(Settings):
    """The linear readout fitted to every layer."""

    ridge: float = setting(1e-6, "Ridge of the readout over the mean diagonal of its normal equations", ge=0)
    chunk_prompts: int = setting(
        256, "Prompts per forward pass; bounds the memory", "technical", "prompts", ge=1
    )
