"""Superset's REST API: log in, import an archive of assets, find them, ask a chart for its data."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import httpx

Rows = list[dict[str, Any]]


class SupersetError(Exception):
    """Superset refused something or failed; the message is one line."""

    exit_status = 1


class Api:
    """A session of a user. Raises SupersetError where Superset refuses."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=120, trust_env=False)
        login = {"username": user, "password": password, "provider": "db", "refresh": False}
        token = self.post("/security/login", login)["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"
        self._client.headers["X-CSRFToken"] = self.get("/security/csrf_token/")["result"]
        self._client.headers["Referer"] = url

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, path: str, **parameters: str) -> Any:
        """The answer to a GET."""
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, content: Any) -> Any:
        """The answer to a POST of JSON."""
        return self._ask("POST", path, json=content)

    def import_assets(self, bundle: bytes) -> None:
        """Make or update what an archive holds."""
        files = {"bundle": ("qualified_leads.zip", bundle, "application/zip")}
        self._ask("POST", "/assets/import/", files=files)

    def find(self, kind: str) -> Rows:
        """All assets of a kind: database, dataset, chart or dashboard."""
        return self.get(f"/{kind}/", q="(page_size:1000)")["result"]

    def chart_data(self, chart: int) -> Rows:
        """The rows that a chart draws."""
        return self.get(f"/chart/{chart}/data/")["result"][0]["data"]

    def query(self, database: int, sql: str) -> Rows:
        """The rows of a query in SQL Lab."""
        return self.post("/sqllab/execute/", {"database_id": database, "sql": sql})["data"]

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        try:
            answer = self._client.request(method, path, **content)
        except httpx.HTTPError as error:
            raise SupersetError(f"Superset did not answer ({type(error).__name__})") from None
        if answer.is_error:
            raise SupersetError(f"Superset refused {path} ({answer.status_code}: {_why(answer)})")
        return answer.json()


def _why(answer: httpx.Response) -> str:
    """What Superset says about a refusal, as one line."""
    try:
        content = answer.json()
    except ValueError:
        return answer.reason_phrase
    errors = content.get("errors") or [{}]
    return str(content.get("message") or errors[0].get("message") or answer.reason_phrase)[:500]
