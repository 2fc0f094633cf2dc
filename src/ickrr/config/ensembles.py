"""Which runs can be trained as one ensemble: same model, same training, prompts of one size."""

from ickrr.config.run import RunSettings


def refusal(run: RunSettings) -> str | None:
    """Say why a run cannot be trained in an ensemble, None where it can.

    Prompts of the paired layout change their length from step to step, and with the seed; attention without a
    normaliser has not been compared with trainings alone, and MLPs in banks have no stacked form.
    """
    model = run.model
    if model.layout != "interleaved":
        return f"its model.layout is {model.layout}, an ensemble needs interleaved"
    if model.attention != "softmax":
        return f"its model.attention is {model.attention}, an ensemble needs softmax"
    if model.mlp == "relu_banks":
        return "its model.mlp is relu_banks, which an ensemble has not"
    return None


def shared_settings(run: RunSettings) -> dict[str, object]:
    """Return what all members of an ensemble agree in; law, kernel, noise, name and seed may differ."""
    settings = run.model_dump(mode="json")
    task = settings["task"]
    return {
        "model": settings["model"],
        "training": settings["training"],
        "task": {key: task[key] for key in ("context_length", "dimension")},
    }
