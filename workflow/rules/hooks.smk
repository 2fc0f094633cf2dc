# What happens before the first job and after the last: one driver a folder, and the reason of a failure.
# Not in a dry run, nor inside a job.

from ickrr import driver
from ickrr.bundles import notice
from ickrr.cluster import hooks
from ickrr.errors import IckrrError


onstart:
    try:
        DRIVER_LOCK = driver.start(Path.cwd())  # held until this process ends
        hooks.before(os.getcwd(), workflow.executor_plugin.name)
        if found := notice(ROOT, experiment.scale):
            print(found, file=sys.stderr)
    except IckrrError as error:
        sys.exit(f"error: {error}")


onerror:
    hooks.failed(log)
