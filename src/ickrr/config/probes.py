"""Settings of the comparison of probes."""

from ickrr.config.fields import Settings, setting


class ProbesSettings(Settings):
    """How the probe of the layers is chosen among four."""

    folds: int = setting(2, "Parts of the fit prompts, each predicted by fits to the others", ge=2)
