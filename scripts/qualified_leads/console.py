"""How commands run and end, and where they print: `scripts/*.py` hand their functions over here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import typer
from rich.console import Console

from qualified_leads.failures import told

PLAIN_WIDTH = 120  # columns where there is no terminal to ask


def printable(text: str) -> str:
    """The text without control characters, which a terminal would obey."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in text
    )


def make_console() -> Console:
    """A console on standard output; wide, and free of control codes, without a terminal."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, no_color=True, width=PLAIN_WIDTH)
    return console


def run_command(*commands: Callable[..., Any]) -> None:
    """Run a command and exit with its status; every failure is one line on standard error.

    Of several, the first argument names the one to run.

    What the line says and which status it is, failures.py decides.
    """
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    for command in commands:
        app.command()(command)
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        fail(error.format_message(), error.exit_code)
    except typer.Abort:
        fail(*told(KeyboardInterrupt()))
    except BaseException as error:
        fail(*told(error))
    else:
        sys.exit(status if isinstance(status, int) else 0)


def fail(message: str, status: int) -> None:
    """Write one line to standard error and exit; the status holds though nothing can be written."""
    with suppress(OSError):
        print(printable(" ".join(message.split())), file=sys.stderr, flush=True)
    try:
        sys.stdout.flush()
    except OSError:
        # At its end Python would try again, and make another status of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
