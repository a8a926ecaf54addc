"""Every setting, read once from the environment and an optional file, and frozen.

The environment wins over the file `docvault.toml` (in the home, or where `DOCVAULT_CONFIG` points), which wins over
the defaults. A setting is named `DOCVAULT_` and its name in capitals, except the few that every platform already
provides under a name of their own (`DATABASE_URL`, `REDIS_URL`, `S3_*`, `OPENAI_*`).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from docvault.errors import ConfigurationError

MiB = 1024 * 1024
GiB = 1024 * MiB

Positive = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenAI-compatible endpoint. Its models are offered as `name/model`."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    models: list[str]
    base_url: str | None = None
    api_key: str = ""


def default_home() -> Path:
    return Path("~/.docvault").expanduser()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # --- where it lives -------------------------------------------------------------------------------------------
    home: Annotated[Path, Meta(description="Folder of everything DocVault keeps on this machine.")] = msgspec.field(
        default_factory=default_home
    )
    host: Annotated[str, Meta(description="Address the API listens on. Loopback unless you say otherwise.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="Port the API listens on.")] = 8000
    secret_key: Annotated[
        str, Meta(min_length=32, description="Signs access tokens; 32 characters or more. `docvault up` makes its own.")
    ] = ""

    # --- PostgreSQL, Redis, object storage ------------------------------------------------------------------------
    database_url: Annotated[
        str,
        Meta(
            description="PostgreSQL with pgvector, as the service role (it owns no table): `postgresql://user:password@host/name`."
        ),
    ] = ""
    database_owner_url: Annotated[
        str, Meta(description="The same database as the role that owns the tables. Only `docvault migrate` uses it.")
    ] = ""
    database_pool_size: Annotated[Positive, Meta(description="Connections each process keeps open.")] = 10
    database_pool_overflow: Annotated[
        NotNegative, Meta(description="Further connections a process may open under load.")
    ] = 10
    database_pool_timeout: Annotated[
        Seconds, Meta(description="Seconds to wait for a free connection before answering 503.")
    ] = 10.0
    statement_timeout: Annotated[Seconds, Meta(description="Seconds one SQL statement may take.")] = 30.0
    lock_timeout: Annotated[Seconds, Meta(description="Seconds one SQL statement may wait for a lock.")] = 5.0
    redis_url: Annotated[str, Meta(description="Redis or Valkey: `redis://:password@host:6379/0`.")] = ""
    storage_path: Annotated[
        str, Meta(description="Folder for the uploaded files when no S3 bucket is set. Default: `objects` in the home.")
    ] = ""
    s3_bucket: Annotated[str, Meta(description="Bucket for the uploaded files. Unset: files on disk.")] = ""
    s3_endpoint_url: Annotated[str, Meta(description="Address of an S3-compatible store. Unset: Amazon's.")] = ""
    s3_region: Annotated[str, Meta(description="Region of the bucket.")] = "us-east-1"
    s3_access_key_id: Annotated[str, Meta(description="Key id for the bucket. Unset: the usual AWS sources.")] = ""
    s3_secret_access_key: Annotated[str, Meta(description="Secret for the bucket.")] = ""
    s3_timeout: Annotated[
        Seconds, Meta(description="Seconds one call to the store may take (a part of an upload, say).")
    ] = 60.0

    # --- accounts -------------------------------------------------------------------------------------------------
    registration_open: Annotated[
        bool, Meta(description="Whether anybody may register. The first account always may.")
    ] = True
    local_account: Annotated[
        bool,
        Meta(description="Whether the command line's own account may be made. `docvault up` says so; leave it alone."),
    ] = False
    access_token_minutes: Annotated[Positive, Meta(description="Life of an access token.")] = 15
    refresh_token_days: Annotated[Positive, Meta(description="Life of a session without use.")] = 30
    refresh_grace_seconds: Annotated[
        NotNegative,
        Meta(description="Seconds in which the refresh token before the current one is still good: reloads, two tabs."),
    ] = 30
    ticket_seconds: Annotated[Positive, Meta(description="Life of a link by which the browser downloads.")] = 300
    sign_in_link_seconds: Annotated[Positive, Meta(description="Life of a link that signs a browser in, once.")] = 600
    password_min_length: Annotated[Positive, Meta(description="Shortest password accepted.")] = 10
    login_attempts: Annotated[
        Positive,
        Meta(description="Failed log-ins for one address, or from one client times ten, before the next has to wait."),
    ] = 10
    login_window: Annotated[Positive, Meta(description="Seconds after which failed log-ins are forgotten.")] = 900
    cookie_secure: Annotated[
        bool, Meta(description="Send the refresh cookie over HTTPS only, and HSTS. Set it wherever there is TLS.")
    ] = False
    cors_origins: Annotated[
        list[str], Meta(description="Origins of other sites' pages that may call the API, comma separated.")
    ] = []

    # --- uploads --------------------------------------------------------------------------------------------------
    max_file_bytes: Annotated[Positive, Meta(description="Largest file accepted.")] = 2 * GiB
    max_request_bytes: Annotated[Positive, Meta(description="Largest upload request accepted.")] = 8 * GiB
    max_request_files: Annotated[Positive, Meta(description="Most files in one request.")] = 1000
    max_owner_files: Annotated[Positive, Meta(description="Most documents one person may keep.")] = 100_000
    max_owner_bytes: Annotated[Positive, Meta(description="Most bytes one person may keep.")] = 100 * GiB
    trash_days: Annotated[
        NotNegative, Meta(description="Days after which what is in the trash is deleted for good. 0: never.")
    ] = 30
    max_tags: Annotated[Positive, Meta(description="Most tags on one document.")] = 50
    upload_part_bytes: Annotated[
        int, Meta(ge=5 * MiB, description="Bytes of a part of an upload; three are in memory (S3: at least 5 MiB).")
    ] = 8 * MiB
    upload_expiry: Annotated[
        Positive, Meta(description="Seconds after which bytes of an upload that never finished are removed.")
    ] = 86_400

    # --- ingestion ------------------------------------------------------------------------------------------------
    worker_jobs: Annotated[Positive, Meta(description="Documents one worker reads at the same time.")] = 4
    lease: Annotated[
        Seconds, Meta(description="Seconds after its last heartbeat until a worker's document is given to another.")
    ] = 30.0
    heartbeat: Annotated[Seconds, Meta(description="Seconds between a worker's heartbeats.")] = 10.0
    sweep: Annotated[Seconds, Meta(description="Seconds between two looks for documents that are due.")] = 5.0
    max_attempts: Annotated[Positive, Meta(description="Tries before a document fails for good.")] = 4
    retry_delay: Annotated[
        Seconds, Meta(description="Seconds before the first retry; doubled for each further one, with jitter.")
    ] = 2.0
    extract_memory_bytes: Annotated[Positive, Meta(description="Memory one document may take while it is read.")] = (
        3 * GiB
    )
    extract_seconds: Annotated[Seconds, Meta(description="Wall-clock seconds one document may take to be read.")] = (
        3600.0
    )
    extract_cpu_seconds: Annotated[Positive, Meta(description="CPU seconds one document may take to be read.")] = 900
    extract_output_bytes: Annotated[Positive, Meta(description="Most text one document may give, with its layout.")] = (
        512 * MiB
    )
    extract_silence: Annotated[
        Seconds, Meta(description="Seconds a document's reader may go without telling how far it is.")
    ] = 120.0
    extract_unpacked_bytes: Annotated[
        Positive, Meta(description="Most bytes an archive or an Office file may unpack to.")
    ] = 2 * GiB
    extract_ratio: Annotated[
        Positive, Meta(description="Most bytes a packed byte may unpack to, above a megabyte.")
    ] = 200
    max_archive_members: Annotated[Positive, Meta(description="Most files taken out of one archive.")] = 10_000
    max_archive_depth: Annotated[NotNegative, Meta(description="Archives within archives that are opened.")] = 3
    ocr: Annotated[
        Literal["auto", "off"], Meta(description="Whether pages without text and pictures are read by Tesseract.")
    ] = "auto"
    ocr_languages: Annotated[
        str, Meta(description="Languages Tesseract looks for, joined by `+` and named its way (`eng+deu`).")
    ] = "eng"
    clamav: Annotated[
        str,
        Meta(description="clamd, which every file must pass: `host:3310` or `/run/clamav/clamd.ctl`. Unset: no scan."),
    ] = ""
    clamav_seconds: Annotated[Seconds, Meta(description="Seconds ClamAV may take for one file.")] = 120.0
    max_crashes: Annotated[
        Positive, Meta(description="Workers a document may take down with it before it fails for good.")
    ] = 3
    stop_grace: Annotated[
        Seconds, Meta(description="Seconds a stopping worker goes on with its documents before it hands them back.")
    ] = 8.0
    reconcile_every: Annotated[
        NotNegative, Meta(description="Seconds between two comparisons of the store with the database. 0: never.")
    ] = 3600
    chunk_tokens: Annotated[int, Meta(ge=32, le=8192, description="Word pieces in a passage, about.")] = 200
    default_language: Annotated[
        str, Meta(description="Full-text language (ISO 639-1) of text whose language cannot be told.")
    ] = "en"

    # --- embeddings -----------------------------------------------------------------------------------------------
    embedding_model: Annotated[
        str,
        Meta(
            description="`all-MiniLM-L6-v2` (built in), another sentence-transformers model (name or folder), "
            "or the name of a model at `DOCVAULT_EMBEDDING_BASE_URL`."
        ),
    ] = "all-MiniLM-L6-v2"
    embedding_base_url: Annotated[
        str, Meta(description="OpenAI-compatible embeddings endpoint. Unset: computed here.")
    ] = ""
    embedding_api_key: Annotated[str, Meta(description="Key for that endpoint.")] = ""
    embedding_threads: Annotated[
        NotNegative, Meta(description="Threads that embed at the same time. 0: one per core.")
    ] = 0
    embedding_batch_tokens: Annotated[Positive, Meta(description="Word pieces in one batch of the embedder.")] = 4096
    embedding_seconds: Annotated[
        Seconds,
        Meta(
            description="Seconds the built-in embedder may take for one batch, and for one of longer texts than 512 "
            "word pieces more, in proportion. Then it hangs, and starts again."
        ),
    ] = 120.0
    embedding_device: Annotated[
        Literal["auto", "cpu", "cuda"],
        Meta(description="Where the built-in embedder computes. `auto`: CUDA if there is one."),
    ] = "auto"
    embedder: Annotated[
        str,
        Meta(description="A `docvault embed` to ask for vectors: its socket or `host:port`. Unset: computed here."),
    ] = ""

    # --- webhooks -------------------------------------------------------------------------------------------------
    max_webhooks: Annotated[Positive, Meta(description="Most webhooks one person may have.")] = 10
    webhook_attempts: Annotated[Positive, Meta(description="Tries to deliver a message before it fails.")] = 8
    webhook_seconds: Annotated[Seconds, Meta(description="Seconds a webhook's receiver may take to answer.")] = 15.0
    webhook_log_days: Annotated[Positive, Meta(description="Days that delivered and failed messages are kept.")] = 30
    webhook_private: Annotated[
        bool, Meta(description="Whether webhooks may point into private networks and at this machine.")
    ] = False

    # --- search and chat ------------------------------------------------------------------------------------------
    max_top_k: Annotated[Positive, Meta(description="Most hits one search may ask for.")] = 100
    max_question_chars: Annotated[Positive, Meta(description="Longest question.")] = 8000
    search_candidates: Annotated[
        Positive, Meta(description="Passages each of the two searches hands to the fusion.")
    ] = 100
    providers: Annotated[
        list[Provider], Meta(description='Language models, JSON: `[{"name", "base_url", "api_key", "models": [...]}]`.')
    ] = []
    openai_api_key: Annotated[str, Meta(description="Shorthand for one provider named `openai`.")] = ""
    openai_base_url: Annotated[str, Meta(description="Its address, when it is not OpenAI's.")] = ""
    openai_models: Annotated[list[str], Meta(description="Its models, comma separated.")] = msgspec.field(
        default_factory=lambda: ["gpt-5-mini"]
    )
    default_models: Annotated[
        list[str], Meta(description="Models that answer when a question names none, comma separated.")
    ] = msgspec.field(default_factory=lambda: ["extractive"])
    max_models: Annotated[Positive, Meta(description="Most models side by side in one answer.")] = 4
    prompt_tokens: Annotated[
        Positive, Meta(description="Budget of a prompt: instructions, history, passages and question.")
    ] = 6000
    answer_tokens: Annotated[Positive, Meta(description="Longest answer asked of a model.")] = 1500
    model_stall: Annotated[Seconds, Meta(description="Seconds a model may stay silent before it is given up.")] = 60.0

    # --- seen -----------------------------------------------------------------------------------------------------
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe message logged.")
    ] = "info"
    log_format: Annotated[
        Literal["json", "console"], Meta(description="One JSON object a line, or readable lines.")
    ] = "json"

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r})"  # the rest holds secrets, and reprs end in logs

    @property
    def objects_path(self) -> Path:
        return Path(self.storage_path) if self.storage_path else self.home / "objects"

    @property
    def models_path(self) -> Path:
        """Folder of the embedding models made ready for serving."""
        return self.home / "models"

    @property
    def all_providers(self) -> list[Provider]:
        if not self.openai_api_key and not self.openai_base_url:
            return self.providers
        openai = Provider("openai", self.openai_models, self.openai_base_url or None, self.openai_api_key)
        return [*self.providers, openai]


UNPREFIXED = {name for name in Settings.__struct_fields__ if name.startswith(("s3_", "openai_"))} | {
    "database_url",
    "database_owner_url",
    "redis_url",
}


def environment_name(field: str) -> str:
    return field.upper() if field in UNPREFIXED else f"DOCVAULT_{field.upper()}"


def as_environment(settings: Settings) -> dict[str, str]:
    """This process's environment, changed so that a child reads these very settings."""
    values = {name: _as_text(getattr(settings, name)) for name in Settings.__struct_fields__}
    ours = {environment_name(name) for name in values}
    others = {name: value for name, value in os.environ.items() if name not in ours}
    return others | {environment_name(name): value for name, value in values.items() if value}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return msgspec.json.encode(value).decode()
    return str(value)


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings. Raises `ConfigurationError` naming the variable that is wrong and what it should be."""
    environ = os.environ if environ is None else environ
    home = Path(overrides.get("home") or environ.get("DOCVAULT_HOME") or default_home()).expanduser()
    raw: dict[str, Any] = _from_file(environ.get("DOCVAULT_CONFIG"), home)
    if "home" in raw and not (overrides.get("home") or environ.get("DOCVAULT_HOME")):
        home = Path(str(raw["home"])).expanduser()
    for field in msgspec.structs.fields(Settings):
        text = environ.get(environment_name(field.name), "")
        if text.strip():
            raw[field.name] = _parse(field.name, text.strip(), field.type)
    raw |= overrides | {"home": home}
    try:
        return msgspec.convert(raw, Settings, strict=False, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        field = where.rstrip("`").split("[")[0].split(".")[0]
        name = environment_name(field) if field in Settings.__struct_fields__ else "docvault.toml"
        raise ConfigurationError(f"{name} is not usable: {message}.") from None


def require(settings: Settings, *names: str) -> None:
    """Raise `ConfigurationError` unless every named setting has a value."""
    missing = [environment_name(name) for name in names if not getattr(settings, name)]
    if missing:
        raise ConfigurationError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.",
            hint="Set them to use your own servers, or run `docvault up`, which brings its own.",
        )


def _from_file(named: str | None, home: Path) -> dict[str, Any]:
    path = Path(named).expanduser() if named else home / "docvault.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            raise ConfigurationError(f"DOCVAULT_CONFIG points at {path}, which is not there.") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None


def _parse(name: str, text: str, annotation: Any) -> Any:
    """Lists come as JSON or, where they hold plain words, comma separated."""
    kind = get_args(annotation)[0] if get_args(annotation) else annotation
    if not str(kind).startswith("list"):
        return text
    if not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{environment_name(name)} is not valid JSON: {error}.") from None


def _decode_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value).expanduser()
    raise NotImplementedError(kind)
