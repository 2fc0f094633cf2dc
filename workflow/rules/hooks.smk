# Before the first job: one driver a folder. Not in a dry run, nor inside a job.

from ickrr import driver
from ickrr.errors import IckrrError


onstart:
    try:
        DRIVER_LOCK = driver.start(Path.cwd())  # held until this process ends
    except IckrrError as error:
        sys.exit(f"error: {error}")
