"""The playground: a page on which a trained model of one-dimensional inputs runs in the browser."""

import json
from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from ickrr.config.run import RunSettings
from ickrr.entries import LAWS
from ickrr.site.layout import page, render
from ickrr.site.playground_files import PLAYABLE, SCRIPTS, SOLVER, STYLE

HERE: Final = "playground.html"
KEY: Final = (
    '<label class="key"><input type="checkbox" id="show-{name}" checked>'
    '<svg class="sample" viewBox="0 0 34 14" aria-hidden="true">{band}'
    '<path class="curve {name}" d="M1 7H33"/></svg><span id="name-{name}">{text}</span></label>'
)
BAND: Final = '<path class="band" d="M1 1H33V13H1Z"/>'
NOTHING: Final = (
    "<h1>Playground</h1><p>No run of this experiment can be played with. The playground takes the first run "
    "with {needs} that is compared with the solver <code>{solver}</code>.</p>"
)


def playground_page(run: RunSettings, evaluation: int) -> str:
    """Return the page.

    Args:
        run: the run whose model is played with; its data are in ``playground/<run>.js``.
        evaluation: number of the prompts on which layers were matched.
    """
    body = render(
        "playground.j2",
        key=key,
        layers=run.model.layers,
        context_length=run.task.context_length,
        end=f"{LAWS.load(run.task.law).LINE:g}",
        lengthscale=f"{run.task.lengthscale:g}",
        noise=f"{run.task.noise_std:g}",
        prompts=run.training.steps * run.training.batch_size,
        evaluation=evaluation,
    )
    scripts = [f"playground/{run.name}.js", *(f"assets/{name}" for name in SCRIPTS)]
    return page("Playground", body, HERE, scripts=scripts, styles=[f"assets/{STYLE}"])


def page_of_nothing() -> str:
    """Return the page of an experiment that has no run to play with, which says what it would need."""
    needs = Markup(", ").join(Markup("<code>{}: {}</code>").format(*each) for each in PLAYABLE.items())
    return page("Playground", Markup(NOTHING).format(needs=needs, solver=SOLVER), HERE)


def key(name: str, text: str) -> Markup:
    """Return the entry of the legend of one curve: what shows and hides it, a sample, and its name."""
    return Markup(KEY).format(name=name, text=text, band=Markup(BAND if name == "posterior" else ""))


def as_script(data: Mapping[str, Any]) -> str:
    """Return the data as a script that assigns them, so that the page can load it from the file system."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return f"globalThis.ickrr = Object.assign(globalThis.ickrr || {{}}, {{ playground: {text} }});\n"
