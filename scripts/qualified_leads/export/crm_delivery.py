"""Deliver a batch over HTTP: in chunks, with retries, and with each chunk noted when it is taken.

A chunk that was taken and not noted (a crash, an answer that got lost) is sent again under the same
idempotency key, by which the endpoint knows it. Logs and errors name batches, chunks and statuses,
never the address, the token or what a record or an answer says.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from qualified_leads.durable import read_json, write_whole
from qualified_leads.errors import UsageError
from qualified_leads.export.crm_batches import Batch, acknowledge
from qualified_leads.export.crm_records import Record, json_line

# Answers that pass: the server's own trouble, and these three.
TRANSIENT = frozenset({408, 425, 429})
# Answers that concern the sender and not a record: no record is to be given up for a wrong token.
MISCONFIGURED = frozenset({401, 403, 404, 405, 407, 410, 415, 426})
# A first chunk of so many records that are all refused says something about the mapping.
SUSPICIOUS = 5
LONGEST_WAIT = 600.0  # seconds; who asks for more gets the next run

Sleep = Callable[[float], None]


class DeliveryError(Exception):
    """Not all was delivered; what was is noted, and another run goes on from there."""

    exit_status = 1


class TransientError(Exception):
    """Worth another try, after `wait` seconds at least."""

    def __init__(self, what: str, wait: float = 0.0) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(frozen=True)
class Endpoint:
    """Where to deliver, and how patiently."""

    url: str
    token: str | None = None
    timeout_seconds: float = 30.0
    attempts: int = 6
    per_second: float = 4.0
    first_wait: float = 0.5
    sleep: Sleep = time.sleep


@dataclass(frozen=True)
class Chunk:
    """A part of a dataset; its key is the same in every attempt and every run."""

    key: str
    batch_id: str
    dataset: str
    object: str
    external_id: str
    records: Sequence[Record]

    def halves(self) -> tuple[Chunk, Chunk]:
        middle = len(self.records) // 2
        parts = self.records[:middle], self.records[middle:]
        first, second = (
            Chunk(f"{self.key}.{n}", self.batch_id, self.dataset, self.object, self.external_id, p)
            for n, p in enumerate(parts)
        )
        return first, second


@dataclass(frozen=True)
class Refusal:
    """A record that the endpoint will not take."""

    dataset: str
    external_id: str
    status: int


@dataclass
class Progress:
    """Keys of the chunks that were taken, and the records that were refused in them."""

    done: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What one run did: chunks sent now, and all refusals of the batch."""

    chunks: int
    refused: Sequence[Refusal]
    dead_letters: Path | None


def check_endpoint(url: str) -> None:
    """Refuse an address that is none, or would show what it carries. Raises UsageError."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise UsageError("--url is no address") from None
    if parsed.userinfo:
        raise UsageError("no credentials in --url: put the token into EXPORT_TOKEN")
    if parsed.scheme == "https" and parsed.host:
        return
    if parsed.scheme != "http" or not _is_loopback(parsed.host):
        raise UsageError("--url must begin with https:// (http:// to this machine alone)")


def check_token(token: str) -> None:
    """Refuse a token that no header can hold. Raises UsageError, without the token."""
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(
            "EXPORT_TOKEN holds a blank, a line break or a letter outside ASCII; copy it again"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def deliver(
    directory: Path, batch: Batch, endpoint: Endpoint, on_chunk: Callable[[Chunk], None]
) -> Outcome:
    """Send what is left of a batch, then acknowledge it. The caller holds the lock.

    Records that are refused for good are in `dead_letters/<batch>.jsonl` and count as handed over:
    they come again when they change. Raises UsageError, DeliveryError.
    """
    check_endpoint(endpoint.url)
    progress = read_progress(directory, batch)
    left = [chunk for chunk in chunks_of(batch) if chunk.key not in set(progress.done)]
    with Sender(endpoint) as sender:
        for chunk in left:
            refused = sender.send(chunk)
            if not progress.done and len(refused) == len(chunk.records) >= SUSPICIOUS:
                raise DeliveryError(
                    f"the endpoint refused all {len(refused):,} records of the first chunk (status "
                    f"{refused[0].status}): check the mapping; no record was given up"
                )
            progress.refused += refused
            progress.done.append(chunk.key)
            _note(directory, batch, progress)
            on_chunk(chunk)
    letters = _write_dead_letters(directory, batch, progress.refused)
    acknowledge(directory, batch.id)
    _progress_path(directory, batch).unlink(missing_ok=True)
    return Outcome(len(left), progress.refused, letters)


def chunks_of(batch: Batch) -> Iterator[Chunk]:
    """The chunks of a batch: the same records under the same keys whenever it is asked."""
    manifest = json.loads((batch.directory / "manifest.json").read_text(encoding="utf-8"))
    size = manifest["chunk_size"]
    for name, described in manifest["datasets"].items():
        records = batch.read(name)
        for number, start in enumerate(range(0, len(records), size)):
            part = records[start : start + size]
            key = f"{batch.id}-{name}-{number:05d}"
            object_name, external_id = described["object"], described["external_id"]
            yield Chunk(key, batch.id, name, object_name, external_id, part)


class Sender:
    """Sends chunks at a steady pace and tries again what may pass."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        headers = {"Content-Type": "application/json", "User-Agent": "qualified-leads"}
        if endpoint.token:
            check_token(endpoint.token)
            headers["Authorization"] = f"Bearer {endpoint.token}"
        # A redirect is not followed: the token would go along. Nor does what is meant for this
        # machine take the way of a proxy.
        try:
            self.client = httpx.Client(
                headers=headers,
                timeout=endpoint.timeout_seconds,
                follow_redirects=False,
                trust_env=not _is_loopback(httpx.URL(endpoint.url).host),
            )
        except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
            raise UsageError(
                f"the environment names a proxy or certificates that can't be used"
                f" ({type(error).__name__}): check HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE"
            ) from None
        self.earliest = 0.0

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def send(self, chunk: Chunk) -> list[Refusal]:
        """Send a chunk; if it is refused, its halves, until the records at fault are alone.

        Raises DeliveryError.
        """
        status = self._send_patiently(chunk)
        if status < 400:
            return []
        if len(chunk.records) == 1:
            return [Refusal(chunk.dataset, chunk.records[0][chunk.external_id], status)]
        return [refusal for half in chunk.halves() for refusal in self.send(half)]

    def _send_patiently(self, chunk: Chunk) -> int:
        jitter = wait_random_exponential(multiplier=self.endpoint.first_wait, max=60)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait if isinstance(error, TransientError) else 0.0
            return max(asked, jitter(state))

        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(self.endpoint.attempts),
            wait=wait,
            sleep=self.endpoint.sleep,
            reraise=True,
        )
        try:
            return retrying(self._send_once, chunk)
        except TransientError as error:
            raise DeliveryError(
                f"chunk {chunk.key} was not taken ({error}, tried {self.endpoint.attempts} "
                "times); what was taken is noted: run again"
            ) from None

    def _send_once(self, chunk: Chunk) -> int:
        """The status of an answer that is final. Raises TransientError, DeliveryError."""
        self._keep_pace()
        body = {
            "batch_id": chunk.batch_id,
            "dataset": chunk.dataset,
            "object": chunk.object,
            "external_id": chunk.external_id,
            "records": chunk.records,
        }
        try:
            answer = self.client.post(
                self.endpoint.url,
                content=json_line(body).encode(),
                headers={"Idempotency-Key": chunk.key},
            )
        except httpx.TransportError as error:
            # Half an answer is here, too: whether the chunk was taken is not known.
            raise TransientError(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise DeliveryError(
                f"chunk {chunk.key}: the answer is not HTTP ({type(error).__name__})"
            ) from None
        status = answer.status_code
        if status >= 500 or status in TRANSIENT:
            raise TransientError(f"status {status}", self._asked_wait(answer, chunk))
        if status in MISCONFIGURED or not (200 <= status < 300 or status >= 400):
            raise DeliveryError(
                f"the endpoint answered {status}: check --url and EXPORT_TOKEN; what was taken "
                "is noted: run again"
            )
        return status

    def _asked_wait(self, answer: httpx.Response, chunk: Chunk) -> float:
        seconds = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
        if seconds > LONGEST_WAIT:
            raise DeliveryError(
                f"the endpoint asks to wait {seconds:,.0f} s before chunk {chunk.key}; what was "
                "taken is noted: run again then"
            )
        return seconds

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if now < self.earliest:
            self.endpoint.sleep(self.earliest - now)
        self.earliest = max(now, self.earliest) + 1 / self.endpoint.per_second


def retry_after(text: str | None, now: datetime) -> float:
    """Seconds that a Retry-After header asks for (a number or an HTTP date); 0 if it says none."""
    if not text:
        return 0.0
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def read_progress(directory: Path, batch: Batch) -> Progress:
    """How far a batch got in earlier runs."""
    path = _progress_path(directory, batch)
    if not path.exists():
        return Progress()
    content = read_json(path, "done", "refused")
    return Progress(content["done"], [Refusal(**one) for one in content["refused"]])


def _progress_path(directory: Path, batch: Batch) -> Path:
    return directory / "batches" / f"{batch.id}.progress"


def _note(directory: Path, batch: Batch, progress: Progress) -> None:
    content = {"done": progress.done, "refused": [asdict(one) for one in progress.refused]}
    write_whole(_progress_path(directory, batch), json.dumps(content) + "\n")


def _write_dead_letters(directory: Path, batch: Batch, refused: Sequence[Refusal]) -> Path | None:
    """The refused records with their status, whole or not at all, the same in every run."""
    if not refused:
        return None
    manifest = json.loads((batch.directory / "manifest.json").read_text(encoding="utf-8"))
    lines = []
    for name, described in manifest["datasets"].items():
        statuses = {one.external_id: one.status for one in refused if one.dataset == name}
        for record in batch.read(name):
            if (key := record[described["external_id"]]) in statuses:
                lines.append({"dataset": name, "status": statuses[key], "record": record})
    path = directory / "dead_letters" / f"{batch.id}.jsonl"
    path.parent.mkdir(exist_ok=True)
    write_whole(path, "".join(json_line(line) + "\n" for line in lines))
    return path
