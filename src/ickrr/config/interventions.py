"""Settings of the replacement of heads."""

from ickrr.config.fields import Settings, setting


class InterventionSettings(Settings):
    """How the attention of heads is replaced by kernels, and on which prompts."""

    fit_prompts: int = setting(
        128, "Fit prompts that kernels and mean attention are taken from", unit="prompts", ge=2
    )
    prompts: int = setting(128, "Evaluation prompts that are predicted", unit="prompts", ge=2)
    share: float = setting(
        0.5,
        "A head is like a kernel if its kernel leaves at most this share of the divergence that flat "
        "attention leaves",
        gt=0,
        lt=1,
    )
    seed: int = setting(0, "Seed of permuted points and of random sets of heads", ge=0)
