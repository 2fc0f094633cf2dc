"""Print the sbatch options that SLURM's executor plugin makes for one job of every rule: rule, tab, options.

    python tests/workflow/sbatch_lines.py paper > tests/workflow/golden/sbatch_paper.txt

Run in a checkout. The plugin's own functions make the line; nothing is submitted.
"""

import contextlib
import io
import re
import sys
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings
from snakemake_executor_plugin_slurm.submit_string import get_submit_command
from snakemake_executor_plugin_slurm.utils import set_gres_string


def main(scale: str) -> None:
    """Print the lines of all rules at a scale."""
    lines = {}
    with SnakemakeApi(OutputSettings()) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(config={"scale": scale}),
            snakefile=Path("Snakefile"),
        )
        with contextlib.redirect_stdout(io.StringIO()):
            workflow.dag(DAGSettings()).printrulegraph()
        for job in workflow._workflow.dag.jobs:
            if job.shellcmd is None or job.rule.name in lines:
                continue
            names = {"run_uuid": "RUN", "slurm_logfile": "LOG", "comment_str": "RULE"}
            line = get_submit_command(job, {**names, "account": "", "partition": "", "workdir": "FOLDER"})
            line = " ".join(line.split()) + set_gres_string(job)
            # The numbers follow the configuration; tests/resources looks at them.
            lines[job.rule.name] = re.sub(r"(-t|--mem) \d+", r"\1 NUMBER", line)
    print("\n".join(f"{rule}\t{line}" for rule, line in sorted(lines.items())))


if __name__ == "__main__":
    main(sys.argv[1])
