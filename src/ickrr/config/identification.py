"""Settings of the identification of layers."""

from ickrr.config.fields import Settings, setting


class IdentificationSettings(Settings):
    """How layers are compared with families of algorithms, and how that is tried on known cases."""

    judged: list[str] = setting([], "Runs whose layers are judged; those of others are described")
    prompts: int = setting(4096, "Fresh prompts on which layers of judged runs are identified", ge=8)
    described_prompts: int = setting(1024, "Fresh prompts on which those of other runs are", ge=8)
    uneven_share: float = setting(
        0.25,
        "Share of these prompts, those with the most uneven row sums, that are also looked at alone",
        gt=0,
        le=1,
    )
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
    seed: int = setting(0, "Seed of the fresh prompts and of the known cases", ge=0)

    def prompts_of(self, run: str) -> int:
        """Return the number of prompts on which the layers of a run are identified."""
        return self.prompts if run in self.judged else self.described_prompts
