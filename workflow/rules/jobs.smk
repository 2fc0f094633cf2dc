# How a job is told its code, its settings, its files and its options; and what it needs of the machine.

import shlex
from hashlib import sha256
from inspect import signature

from ickrr.code import code_digest
from ickrr.provenance import settings_text
from ickrr.resources.of_jobs import ON_GPU, JobResources

RESOURCES = JobResources(experiment)

# What every shell command begins with: the Python that runs Snakemake (or that of a conda environment), which
# reads none of the caller's settings (-I), and our sources.
in_conda = "conda" in {
    str(method) for method in workflow.deployment_settings.deployment_method
}
RUN = f"{'python' if in_conda else shlex.quote(sys.executable)} -I {shlex.quote(str(SOURCE))}"

# The shell command of every rule. `job` makes what it fills in.
# A signal to the whole process group must not end the shell before the job, which may be saving its state.
STEP = (
    "trap : TERM; {params.command} --reads {input:q} --writes {output:q} > {log:q} 2>&1"
)


def job(name, chosen=(), settings=None, **options):
    """Params of a rule that runs a step; if one of them differs from the last time, the job runs again.

    Each input and output of the rule becomes the option of the step that has its name, so that a rule names each file
    once: ``learning_curve="<results>/.."`` is handed over as ``--learning-curve results/..``.

    Args:
        name: the step, which is also the name of the rule.
        chosen: what the job runs beside its step: modules that it imports by name, a notebook; a function of the
            wildcards or a list.
        settings: models of the library, or functions of the wildcards that give them. Each reaches the step as a
            file that exists only while the step reads it.
        options: further options: a text in which wildcards are filled in, a number, a list, or a function of the
            wildcards.
    """
    settings = {
        key: value if callable(value) else as_text(value)
        for key, value in (settings or {}).items()
    }

    def text(value, wildcards):
        return as_text(value(wildcards)) if callable(value) else value

    def code(wildcards):
        modules = sorted(set(chosen(wildcards) if callable(chosen) else chosen))
        texts = [text(value, wildcards) for value in settings.values()]
        return " ".join(
            [
                code_digest(f"ickrr.steps.{name}", *modules),
                sha256("\0".join(texts).encode()).hexdigest()[:16],
                *modules,
            ]
        )

    def command(wildcards, input, output, threads):
        files = [*input.items(), *output.items()]
        given = [
            (key, option_value(value, wildcards, threads))
            for key, value in options.items()
        ]
        words = [RUN, name, *option_words([*files, *given])]
        for key, value in settings.items():
            content = shlex.quote(text(value, wildcards))
            words.append(f"{option_name(key)} <(printf %s {content})")
        words.append(f"--rule={name} --recorded-in {RESULTS} --code {code(wildcards)}")
        return " ".join(words)

    def handed_over(value):
        return lambda wildcards: text(value, wildcards)

    shown = {key: handed_over(value) for key, value in settings.items()}
    # Snakemake does not compare `command`, which holds paths of this machine: a function that asks for `threads` is
    # one of what the job was given, not of what it was asked.
    return {"code": code, **shown, **options, "command": command}


def option_name(key):
    """The option of the command line that a keyword stands for."""
    return f"--{key.replace('_', '-')}"


def option_words(options):
    """Words of the command line for pairs of a keyword and a value; a list without entries is left out."""
    for key, value in options:
        values = [value] if isinstance(value, (str, int, float)) else list(value)
        if values:
            yield option_name(key)
            yield from (shlex.quote(str(each)) for each in values)


def option_value(value, wildcards, threads):
    """What an option of `job` is for one job."""
    if isinstance(value, str):
        return value.format(**wildcards)
    if not callable(value):
        return value
    asks = "threads" in signature(value).parameters
    return value(wildcards, threads) if asks else value(wildcards)


def all_threads(wildcards, threads):
    """Option of `job`: the threads of the rule, which Snakemake does not compare."""
    return threads


def chosen_device(wildcards, threads):
    """Option of `job`: the device, which like all of `compute` changes no result and is not compared."""
    return experiment.compute.device


def as_text(settings):
    """One line of JSON: of a model of the library, of plain values, or what is one already."""
    if isinstance(settings, str):
        return settings
    plain = (
        settings.model_dump(mode="json")
        if hasattr(settings, "model_dump")
        else settings
    )
    return settings_text(plain)


# Where things run is no part of what a table or a page is told: it shows none of it.
EXPERIMENT = as_text(experiment.model_dump(mode="json", exclude={"compute"}))


def asks_for(rule_name):
    """Resources of a rule: megabytes and minutes of its job, doubled on each retry; GPUs if it can use one."""

    def of(position):
        def amount(wildcards, attempt):
            found = RESOURCES.of(
                rule_name,
                run=getattr(wildcards, "run", None),
                task=getattr(wildcards, "task", None),
            )
            return found[position] * 2 ** (attempt - 1)

        return amount

    gpus = {"gpu": RESOURCES.gpus(rule_name)} if rule_name in ON_GPU else {}
    return {"mem_mb": of(0), "runtime": of(1), **gpus}


def priority_of(wildcards):
    """Priority of a training, or of the prompts of a task: compute.first_runs come before all others, in order."""
    first = experiment.compute.first_runs
    run, task = getattr(wildcards, "run", None), getattr(wildcards, "task", None)
    found = [name for name in first if name == run or experiment.task_of(name) == task]
    return len(first) - first.index(found[0]) if found else 0
