"""The playground: a page on which a trained model of one-dimensional inputs runs in the browser."""

from pathlib import Path
from typing import Final

from markupsafe import Markup

from ickrr.config.run import RunSettings
from ickrr.entries import LAWS
from ickrr.io.files import write_text
from ickrr.site.layout import page, render, write_assets

PATH: Final = "playground.html"
DATA: Final = "playground-data.js"
SCRIPTS: Final = tuple(
    f"static/{name}.js" for name in ("transformer", "solvers", "prompts", "plot", "playground")
)
"""In the order in which they are run, after the data."""
STYLE: Final = "static/playground.css"
KEY: Final = (
    '<label class="key"><input type="checkbox" id="show-{name}" checked>'
    '<svg class="sample" viewBox="0 0 34 14" aria-hidden="true">{band}'
    '<path class="curve {name}" d="M1 7H33"/></svg><span id="name-{name}">{text}</span></label>'
)
BAND: Final = '<path class="band" d="M1 1H33V13H1Z"/>'


def key(name: str, text: str) -> Markup:
    """Return the entry of the legend of one curve: what shows and hides it, a sample, and its name."""
    return Markup(KEY).format(name=name, text=text, band=Markup(BAND if name == "posterior" else ""))


def playground_page(run: RunSettings, evaluation: int) -> str:
    """Return the page.

    Args:
        run: the run whose model is played with.
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
    scripts = [f"assets/{DATA}", *(f"assets/{name}" for name in SCRIPTS)]
    return page("Playground", body, PATH, scripts=scripts, styles=[f"assets/{STYLE}"])


def write_playground(site: Path, run: RunSettings, evaluation: int, data: Path) -> None:
    """Write the page and what it loads below the folder of the site.

    Args:
        site: the folder.
        run: the run whose model is played with.
        evaluation: number of the prompts on which layers were matched.
        data: script of the step ``export_playground``.
    """
    write_assets(site, [*SCRIPTS, STYLE])
    write_text(site / "assets" / DATA, data.read_text(encoding="utf-8"))
    write_text(site / PATH, playground_page(run, evaluation))
