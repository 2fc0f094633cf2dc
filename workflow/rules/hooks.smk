# What happens before the first job: one driver a folder, and on a cluster none of whose jobs get lost; and after a run
# that failed or was stopped. Not in a dry run, nor inside a job, nor where this workflow is a module of another.

from ickrr import driver
from ickrr.bundles import notice
from ickrr.errors import IckrrError
from slurm_guard import hooks
from slurm_guard.errors import ClusterError


onstart:
    try:
        # Held until this process ends.
        DRIVER_LOCK = driver.start(Path.cwd(), SOURCE, Path(RESULTS))
        hooks.before(os.getcwd(), workflow.executor_plugin.name)
        if found := notice(ROOT, experiment.scale):
            print(found, file=sys.stderr)
    except (IckrrError, ClusterError) as error:
        sys.exit(f"error: {error}")


onerror:
    # Jobs of a cluster may still run, and write.
    if workflow.local_exec:
        try:
            driver.clear_away(Path.cwd())
        except IckrrError as error:
            print(f"error: {error}", file=sys.stderr)
