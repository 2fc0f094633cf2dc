"""Settings of the study of linearity."""

from ickrr.config.fields import Settings, setting


class LinearitySettings(Settings):
    """How far layers are linear in the labels, and which eigencomponents they pass."""

    prompts: int = setting(96, "Evaluation prompts that are looked at", unit="prompts", ge=2)
    chunk_prompts: int = setting(
        64, "Prompts of a pass for derivatives; bounds the memory", "technical", "prompts", ge=1
    )
    knots: int = setting(10, "Eigenvalues at which filters are fitted", ge=3)
    smallest: float = setting(0.01, "The smallest of them; the largest is 1", gt=0, lt=1)
    seed: int = setting(0, "Seed of the second labels", ge=0)
