"""Settings of bootstrap intervals, and of which layers count."""

from ickrr.config.fields import Settings, setting


class StatisticsSettings(Settings):
    """Bootstrap intervals, the layers that means take, and the context lengths that figures show."""

    context_lengths: list[int] = setting(
        [2, 4, 6, 8, 10, 12, 15, 20], "Context lengths n that figures show", "sources", min_length=1
    )
    bootstrap_draws: int = setting(1000, "Bootstrap draws over prompts", unit="draws", ge=10)
    first_layer: int = setting(
        3, "First layer that means over layers take; the last layer alone in shallower models", ge=1
    )
    confidence: float = setting(0.95, "Level of all intervals", gt=0, lt=1)
    seed: int = setting(0, "Seed of the bootstrap resamples", ge=0)

    def counted(self, layers: int) -> slice:
        """Return which of the layers 1..L, in this order, means over layers take.

        The first layers are close to kernel smoothing and far from every solver, so that one step size would
        decide a mean that they are in.
        """
        return slice(min(self.first_layer, layers) - 1, layers)
