"""The warehouse as Dagster assets: one run of scripts/refresh.py materialises every model.

Dagster shows the models with their lineage and starts the refresh, which does what `dbt build` by
itself does not: it takes the lock, loads, lets guards stop it and swaps the release in one step.

    .venv/bin/dbt parse
    .venv/bin/python -m venv ../dagster
    ../dagster/bin/pip install -r examples/dagster/requirements.txt
    export EXPORTS=/srv/exports
    ../dagster/bin/dagster dev -h 127.0.0.1 -f examples/dagster/definitions.py
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

PROJECT = Path(__file__).resolve().parents[2]
MANIFEST = json.loads((PROJECT / "target" / "manifest.json").read_text())
BUSY = 75  # another refresh is running: try again later

translator = DagsterDbtTranslator()
asset_keys = {
    node["name"]: translator.get_asset_key(node)
    for node in MANIFEST["nodes"].values()
    if node["resource_type"] in ("model", "seed")
}


@dbt_assets(manifest=MANIFEST, name="refresh")
def refresh(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Run the refresh and tell Dagster of each model as it is built."""
    command = [".venv/bin/python", "scripts/refresh.py", "--log-format", "json"]
    command += [os.environ["EXPORTS"]] if "EXPORTS" in os.environ else []
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] != "node":
                context.log.info(line.strip())
            elif event["status"] == "success" and event["name"] in asset_keys:
                yield dg.MaterializeResult(
                    asset_key=asset_keys[event["name"]], metadata={"seconds": event["seconds"]}
                )
        reason = process.stderr.read().strip()
    if process.returncode:
        # One line that says what, where and what to do; nothing was released.
        raise dg.Failure(reason, allow_retries=process.returncode == BUSY)


job = dg.define_asset_job("refresh_warehouse", selection=dg.AssetSelection.assets(refresh))
defs = dg.Definitions(
    assets=[refresh],
    jobs=[job],
    schedules=[dg.ScheduleDefinition(job=job, cron_schedule="15 * * * *")],
)
