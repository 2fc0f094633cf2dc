"""Settings of bootstrap intervals."""

from ickrr.config.fields import Settings, setting


class StatisticsSettings(Settings):
    """Bootstrap intervals, and the context lengths that figures show."""

    context_lengths: list[int] = setting(
        [2, 4, 6, 8, 10, 12, 15, 20], "Context lengths n that figures show", "sources", min_length=1
    )
    bootstrap_draws: int = setting(1000, "Bootstrap draws over prompts", unit="draws", ge=10)
    confidence: float = setting(0.95, "Level of all intervals", gt=0, lt=1)
    seed: int = setting(0, "Seed of the bootstrap resamples", ge=0)
