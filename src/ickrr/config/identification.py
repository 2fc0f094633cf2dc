"""Settings of the identification of layers."""

from ickrr.config.fields import Settings, setting


class IdentificationSettings(Settings):
    """How layers are compared with families of algorithms, and how that is tried on known cases."""

    first_context_length: int = setting(
        4, "Smallest context length that counts; at shorter ones all families nearly agree", ge=1
    )
    blocks: int = setting(4, "Blocks of context lengths, in each of which steps are fitted", ge=1)
    margin: float = setting(
        0.3, "What an encompassing coefficient may differ from 0 without a family being rejected", gt=0, lt=1
    )
    noises: list[float] = setting(
        [0.15, 0.3, 0.6], "Noise of pseudo-layers", unit="standard deviation of the stream"
    )
    white_noises: list[float] = setting(
        [0.12, 0.24], "Noise of known predictions", unit="standard deviation of the predictions"
    )
    seed: int = setting(0, "Seed of the known cases", ge=0)
