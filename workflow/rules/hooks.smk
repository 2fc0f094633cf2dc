# What happens before the first job: one driver a folder, and on a cluster none of whose jobs get lost; and after the
# last one. Not in a dry run, nor inside a job, nor where this workflow is a module of another.

import threading
import time

from ickrr.bundles.format import notice
from ickrr.code import edited_sources
from ickrr.driver import needs, supervision
from ickrr.driver.plan import Job, summary
from ickrr.errors import IckrrError
from slurm_guard import hooks
from slurm_guard.errors import ClusterError
from snakemake.settings.enums import Quietness

BEGAN = time.monotonic()


def jobs_of_plan(needed):
    """Jobs that this run has to do, or all others of the plan."""
    return [
        Job(job.rule.name, dict(job.wildcards.items()), list(job.output), job.benchmark)
        for job in workflow.dag.jobs
        if workflow.dag.needrun(job) == needed
    ]


def files_asked_for():
    """Files of the targets, in their order."""
    targets = [job.output or job.input for job in workflow.dag.targetjobs]
    return list(dict.fromkeys(file for files in targets for file in files))


def tell_of_edits():
    """Name the sources that were edited since this run was planned, and say what to do.

    Where failed jobs are tried again, a job that had failed for such an edit may have been made with the code as it was
    then, and nothing else would tell that its result is planned again.
    """
    if edited := edited_sources():
        print(
            f"{', '.join(edited)}: edited since this run was planned; run the same command again, which makes "
            "what the edit concerns with the code as it is now",
            file=sys.stderr,
        )


def end_timers():
    """End the timers after which Snakemake would look for jobs once more, and for the last of which it would wait."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


onstart:
    # A plan (-n) says why each job would run; a run says what it does.
    (workflow.output_settings.quiet or set()).add(Quietness.REASON)
    try:
        # Held until this process ends.
        DRIVER_LOCK = supervision.start(Path.cwd(), SOURCE, Path(RESULTS))
        hooks.before(os.getcwd(), workflow.executor_plugin.name)
        here = workflow.local_exec and not in_conda
        if not workflow.touch:
            needs.require(
                jobs_of_plan(True),
                experiment,
                ledger.claims,
                Path(PAPER),
                Path(RESULTS),
                here,
            )
        if found := notice(ROOT, experiment.scale):
            print(found, file=sys.stderr)
    except (IckrrError, ClusterError) as error:
        sys.exit(f"error: {error}")


onsuccess:
    if not workflow.touch:
        done, there = jobs_of_plan(True), jobs_of_plan(False)
        seconds = time.monotonic() - BEGAN
        print(
            summary(files_asked_for(), done, there, seconds, experiment.scale),
            file=sys.stderr,
        )
    tell_of_edits()
    end_timers()


onerror:
    # Jobs of a cluster may still run, and write.
    if workflow.local_exec:
        try:
            supervision.clear_away(Path.cwd())
        except IckrrError as error:
            print(f"error: {error}", file=sys.stderr)
    tell_of_edits()
    end_timers()
