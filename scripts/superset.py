"""Look at the release in Superset: start it on loopback with a dashboard."""

import signal
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.paths import warehouse
from team.superset.server import serve


def main(
    port: Annotated[int, typer.Option(help="On 127.0.0.1.", min=1, max=65535)] = 8088,
) -> None:
    """Start Superset, register database, datasets, charts and dashboard, and run until Ctrl-C.

    A second start updates what the first one made. The password of admin is
    $SUPERSET_ADMIN_PASSWORD, or a new one that is printed.

    Exit status: 0 ended by Ctrl-C; 1 Superset failed; 2 no release, no Superset or a taken port.
    """
    for kind in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the first
        signal.signal(kind, signal.default_int_handler)
    console = make_console()
    try:
        serve(warehouse(), port, console)
    except KeyboardInterrupt:
        console.print("Superset has ended.")


if __name__ == "__main__":
    run_command(main)
