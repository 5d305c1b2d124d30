"""The server: one process that answers, and that ends when whoever started it is gone."""

import os
import signal
import sys
import threading

wsgi_app = "superset.app:create_app()"
worker_class = "gthread"
threads = 8
timeout = 120  # seconds
graceful_timeout = 5  # seconds
control_socket_disable = True


def when_ready(server):
    """Watch standard input, which closes with the process that started this one."""
    threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
