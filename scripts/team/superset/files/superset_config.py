"""Superset's configuration: everything that is not here is Superset's default."""

import os
from pathlib import Path

# The directory of secret key and metadata; Superset puts its SQLite file there, too.
HOME = Path(os.environ["SUPERSET_HOME"])

SECRET_KEY = (HOME / "secret_key").read_text(encoding="ascii")

# Every query is answered by the newest release: nothing is cached and nothing runs later.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FEATURE_FLAGS = {"GLOBAL_ASYNC_QUERIES": False}

# A browser loads nothing from elsewhere; the default lets it count its users at Superset's maker.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "object-src": "'none'",
        "script-src": ["'self'", "'strict-dynamic'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "worker-src": ["'self'", "blob:"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}

SUPERSET_WEBSERVER_TIMEOUT = 120  # seconds
