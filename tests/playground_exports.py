"""Small exported models of the playground, and JavaScript run in Node, for its tests."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.__main__ import main
from ickrr.config.experiment import Experiment
from ickrr.config.probe import ProbeSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.io.files import write_json
from ickrr.model.weights import build_model, save_weights
from ickrr.site import layout
from ickrr.site.playground import HERE
from ickrr.site.playground_files import SCRIPTS, STYLE

STATIC = Path(layout.__file__).parent
PROBE = ProbeSettings(ridge=1e-3)
SEED = 3


def experiment_of(layers=2, width=16, heads=2, context_length=6, **changes):
    """An experiment of one run, "tiny", that is quick or has the sizes of the laptop scale.

    Args:
        layers, width, heads: sizes of its model.
        context_length: N.
        changes: other values of its task and model.
    """
    line = {"law": "uniform", "dimension": 1, "lengthscale": 0.3, "noise_std": 0.1}
    task = line | {"context_length": context_length}
    model = {"layers": layers, "width": width, "heads": heads}
    for name, value in changes.items():
        (task if name in TaskSettings.model_fields else model)[name] = value
    return Experiment.model_validate(
        {
            "tasks": {"line": task},
            "runs": {"tiny": {"purpose": "", "task": "line", "model": model, "seeds": [SEED]}},
            "probe": {"ridge": 1e-3},
            "figures": {},
            "tables": {},
        }
    )


def run_of(**changes):
    """The run of `experiment_of`."""
    return experiment_of(**changes).run("tiny")


def lively_model(run):
    """An untrained model none of whose weights is a default that could be left out unseen."""
    model = build_model(run)
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 1.0 if name == "embedding.weight" else 0.3
            shift = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            parameter.copy_(shift + scale * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def matches_of(run, solver="preconditioned_richardson", seed=SEED):
    layers = np.arange(run.model.layers + 1)
    return pd.DataFrame(
        {
            "run": run.name,
            "seed": seed,
            "solver": solver,
            "layer": layers,
            "best_step": 3.0 * layers,
            "similarity": 0.5 + 0.01 * layers,
            "censored": layers == layers[-1],
        }
    )


def write_world(folder, experiment, matches=None):
    """Write everything that the step build_playground reads; return its options."""
    run, site = experiment.run("tiny"), folder / "site"
    options = {"experiment": folder / "experiment.json"}
    write_json(options["experiment"], experiment.model_dump(mode="json"))
    for split in ("fit", "evaluation"):
        prompts = PromptSettings(name=f"line-{split}", task_name="line", task=run.task, split=split, count=40)
        write_json(folder / f"{split}.json", [prompts.model_dump(mode="json")])
        options[split] = folder / f"{split}.safetensors"
        step("sample_prompts", {"prompts": folder / f"{split}.json", "sets": options[split]})
    options["weights"] = folder / "weights.safetensors"
    save_weights(options["weights"], lively_model(run).state_dict(), run, SEED)
    options["predictions"] = folder / "predictions.safetensors"
    specs = {"run": run, "settings": experiment.probe}
    for name, value in specs.items():
        write_json(folder / f"{name}.json", value.model_dump(mode="json"))
    probing = {name: folder / f"{name}.json" for name in specs} | {"seed": SEED}
    step("probe_model", probing | {name: path for name, path in options.items() if name != "experiment"})
    options["played"] = "tiny"
    options["matches"] = folder / "matches.parquet"
    (matches_of(run) if matches is None else matches).to_parquet(options["matches"])
    outputs = {"page": site / HERE, "data": site / "playground/tiny.js", "assets": site / "assets" / STYLE}
    return options | outputs


def step(name, options):
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    assert main([name, *words]) == 0


def data_of(script):
    """The data of an exported script, read as JSON."""
    text = Path(script).read_text()
    start, end = text.index("playground: ") + len("playground: "), text.rindex(" });")
    return json.loads(text[start:end])


def node():
    """Node's executable: that of this machine, or the one that Playwright brings."""
    import playwright

    return shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")


def in_node(program, value, *scripts):
    """What a JavaScript expression gives for `value`, once the playground's scripts have been run."""
    files = [STATIC / name for name in SCRIPTS if "plot" not in name and "playground.js" not in name]
    text = "\n".join(
        [
            *(f"require({json.dumps(str(file))});" for file in [*files, *scripts]),
            "const value = JSON.parse(require('fs').readFileSync(0, 'utf8'));",
            f"const found = ({program});",
            "const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);",
            "process.stdout.write(JSON.stringify(found, plain));",
        ]
    )
    run = subprocess.run(
        [node(), "-e", text], input=json.dumps(value), text=True, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
