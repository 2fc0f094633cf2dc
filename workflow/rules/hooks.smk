# What happens before the first job and after the last: one driver a folder, and the reason of a failure.

from ickrr.cluster import hooks


onstart:
    hooks.before(os.getcwd(), workflow.executor_plugin.name)


onerror:
    hooks.failed(log)
