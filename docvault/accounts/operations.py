"""What the account calls do."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from docvault.accounts import queries
from docvault.accounts.schemas import MAX_EMAIL, MAX_PASSWORD, ApiKeyCreate
from docvault.accounts.throttle import login_attempt
from docvault.database import Database
from docvault.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from docvault.logging import get_logger
from docvault.models import ApiKey, Preferences, Session, User
from docvault.resources import Resources
from docvault.security.access import KEY_SCOPES, Identity
from docvault.security.api_keys import api_key_hash, api_key_prefix, make_api_key
from docvault.security.passwords import hash_password, is_outdated, verify_password
from docvault.security.tokens import (
    RefreshToken,
    make_access_token,
    make_refresh_token,
    next_refresh_token,
    not_authenticated,
    read_refresh_token,
    refresh_hash,
)
from docvault.settings import Settings

MAX_USER_AGENT = 200
# Not RFC 5322, of which nobody has an address: one @, no spaces or quotes, a host name (`localhost` is one).
EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*")
log = get_logger(__name__)


class Client(NamedTuple):
    """Who is at the other end: `address` as the throttle counts it, and what the browser calls itself."""

    address: str = ""
    user_agent: str = ""


NO_CLIENT = Client()


class SignedIn(NamedTuple):
    user: User
    access_token: str
    refresh_token: str
    preferences: Preferences | None = None


async def register(resources: Resources, email: str, password: str, client: Client = NO_CLIENT) -> SignedIn:
    """Make an account, log it in. The first one is the administrator's, and may be made while registration is closed.

    Raises `InvalidInput`, `Forbidden` (`registration_closed`) or `Conflict` (`email_taken`).
    """
    settings, database = resources.settings, resources.database
    email = checked_email(email)
    check_password(password, settings.password_min_length)
    await _check_may_register(database, settings, email)
    user = User(id=uuid4(), email=email, email_key=email_key(email), password_hash=await hash_password(password))
    try:
        async with database.transaction(user.id) as session:
            user.is_admin = await queries.is_first_account(session)
            if not (user.is_admin or settings.registration_open):  # somebody else was first meanwhile
                raise _registration_closed()
            session.add(user)
            await session.flush()  # the session below points at it: the mapper does not know
            tokens = await _open_session(session, settings, user.id, client)
    except IntegrityError as error:
        if "users_email_key" in str(error.orig):
            raise email_taken() from None
        raise
    log.info("account.registered", owner_id=str(user.id), is_admin=user.is_admin)
    return SignedIn(user, *tokens)


async def log_in(resources: Resources, email: str, password: str, client: Client = NO_CLIENT) -> SignedIn:
    """A new session for whoever has this address and password.

    A wrong password and an unknown address take the same work and get the same answer. Raises `Unauthenticated`
    (`invalid_credentials`), `TooManyRequests`, or `Forbidden` (`account_disabled`) when the password was right.
    """
    settings, database = resources.settings, resources.database
    key = email_key(email)
    async with login_attempt(resources.cache, settings, key, client.address):
        found = await _find_login(database, key)
        if not await verify_password(found and found.password_hash, password) or found is None:
            log.info("login.failed", client=client.address)
            raise not_authenticated("The e-mail address or the password is wrong.", "invalid_credentials")
        if found.disabled:
            raise _disabled()
    renewed = await hash_password(password) if is_outdated(found.password_hash) else None
    return await open_session_of(resources, found.id, client, renewed)


async def open_session_of(
    resources: Resources, owner_id: UUID, client: Client, password_hash: str | None = None
) -> SignedIn:
    """A new session for whoever has proven to be this person; `password_hash` takes the place of an outdated one.

    Raises `Forbidden` (`account_disabled`).
    """
    async with resources.database.transaction(owner_id) as session:
        if (user := await queries.find_user(session, owner_id)) is None or user.disabled_at:
            raise _disabled()
        if password_hash:
            await queries.change_password_hash(session, user.id, password_hash)
        await queries.forget_expired_sessions(session, user.id)
        tokens = await _open_session(session, resources.settings, user.id, client)
        preferences = await queries.preferences(session, user.id)
    log.info("login.succeeded", owner_id=str(user.id))
    return SignedIn(user, *tokens, preferences)


async def refresh(resources: Resources, token: str | None) -> SignedIn:
    """Fresh tokens for the session of this refresh token, which is used up.

    Within `refresh_grace_seconds` it gets the same answer again: two tabs, or a reload. One that was used up longer ago
    has been copied: its session ends, for the thief and for the owner. Raises `Unauthenticated` (`session_ended`).
    """
    settings = resources.settings
    given = read_refresh_token(settings.secret_key, token or "")
    if given is None:
        raise _session_ended()
    new = next_refresh_token(settings.secret_key, given)
    async with resources.database.transaction(given.owner_id) as session:
        user = await queries.find_user(session, given.owner_id)
        if user is not None and user.disabled_at is None:
            if await _rotated(session, settings, given, refresh_hash(new)):
                preferences = await queries.preferences(session, user.id)
                return SignedIn(user, _access_token(settings, user.id, given.session_id), new, preferences)
            if given.genuine and await queries.revoke(session, user.id, given.session_id):
                log.warning("session.token_reused", owner_id=str(user.id), session_id=str(given.session_id))
    raise _session_ended()


async def change_password(
    resources: Resources, identity: Identity, current: str, new: str, client: Client = NO_CLIENT
) -> None:
    """End all sessions but the one that asks. Counted like a log-in: whoever found an open page guesses no further.

    Raises `Unauthenticated` (`invalid_credentials`), `InvalidInput` or `TooManyRequests`.
    """
    check_password(new, resources.settings.password_min_length)
    await confirm_password(resources, identity.owner_id, current, client)
    renewed = await hash_password(new)
    async with resources.database.transaction(identity.owner_id) as session:
        await queries.change_password_hash(session, identity.owner_id, renewed)
        await queries.revoke(session, identity.owner_id, other_than=identity.session_id)
    log.info("account.password_changed", owner_id=str(identity.owner_id))


async def confirm_password(resources: Resources, owner_id: UUID, password: str, client: Client = NO_CLIENT) -> User:
    """The person, whose password this is. Raises `Unauthenticated` (`invalid_credentials`) or `TooManyRequests`."""
    async with resources.database.transaction(owner_id) as session:
        user = await session.get_one(User, owner_id)
    async with login_attempt(resources.cache, resources.settings, user.email_key, client.address):
        if not await verify_password(user.password_hash, password):
            raise not_authenticated("This is not your password.", "invalid_credentials")
    return user


async def _rotated(session: AsyncSession, settings: Settings, given: RefreshToken, new: bytes) -> bool:
    life, grace = timedelta(days=settings.refresh_token_days), timedelta(seconds=settings.refresh_grace_seconds)
    names = (session, given.owner_id, given.session_id, given.hash, new)
    return await queries.rotate(*names, life, grace) or await queries.was_rotated(*names)


async def end_session(session: AsyncSession, owner_id: UUID, session_id: UUID) -> None:
    """Raises `NotFound` for a session that is not the owner's or has ended already."""
    if not await queries.revoke(session, owner_id, session_id):
        raise NotFound("There is no such session.")


async def create_api_key(session: AsyncSession, owner_id: UUID, wanted: ApiKeyCreate) -> tuple[ApiKey, str]:
    """The row, and the key itself, which nobody sees again. Raises `InvalidInput`."""
    name = wanted.name.strip()
    if not name or not name.isprintable():
        raise InvalidInput("The name is not usable.", code="invalid_name", hint="Give a name of one line.")
    if not KEY_SCOPES.issuperset(wanted.scopes):
        raise InvalidInput(
            "An API key cannot manage the account.",
            code="invalid_scope",
            hint=f"Choose from {', '.join(sorted(KEY_SCOPES))}.",
        )
    expires_at = _expiry(wanted.expires_at)
    text, scopes = make_api_key(), sorted(set(wanted.scopes))
    key = ApiKey(
        owner_id=owner_id,
        id=uuid4(),
        name=name,
        prefix=api_key_prefix(text),
        hash=api_key_hash(text),
        scopes=scopes,
        expires_at=expires_at,
    )
    session.add(key)
    await session.flush()
    log.info("api_key.created", owner_id=str(owner_id), key_id=str(key.id), scopes=scopes)
    return key, text


def _expiry(wanted: datetime | None) -> datetime | None:
    try:
        moment = wanted and wanted.astimezone(UTC)
    except OverflowError:
        raise InvalidInput("`expires_at` is outside the calendar.", code="invalid_expiry") from None
    if moment and moment <= datetime.now(UTC):
        raise InvalidInput("`expires_at` has passed already.", code="invalid_expiry", hint="Give a later moment.")
    return moment


def email_key(email: str) -> str:
    """What makes two spellings one address: spaces around it, capitals and compatibility forms do not count."""
    return unicodedata.normalize("NFKC", email.strip()).casefold()


def checked_email(email: str) -> str:
    """The address as it will be kept. Raises `InvalidInput` unless it looks like one."""
    email = email.strip()
    if len(email) > MAX_EMAIL or not email.isprintable() or not EMAIL.fullmatch(email):
        raise InvalidInput(
            "This is not an e-mail address.", code="invalid_email", hint="It looks like name@example.org."
        )
    return email


def check_password(password: str, shortest: int) -> None:
    """Raises `InvalidInput`. Length is what counts (NIST SP 800-63B): no rules about kinds of characters."""
    if not shortest <= len(password) <= MAX_PASSWORD:
        raise InvalidInput(
            f"The password must have {shortest} to {MAX_PASSWORD} characters.",
            code="invalid_password",
            hint="A few unrelated words make a good one.",
        )


async def _check_may_register(database: Database, settings: Settings, email: str) -> None:
    """Before the costly hash. What could change meanwhile is checked again where the account is written.

    The address of the command line's account is nobody's but `docvault up`'s: it stands beside the first person's, who
    would otherwise share the administration with a stranger without seeing it.
    """
    if email_key(email) == queries.LOCAL_ACCOUNT and not settings.local_account:
        raise _registration_closed()
    async with database.lookup() as connection:
        if not settings.registration_open and await queries.any_person(connection):
            raise _registration_closed()
        if await queries.find_login(connection, email_key(email)):
            raise email_taken()


async def _find_login(database: Database, key: str) -> queries.Login | None:
    """Asks for odd addresses too (all but those that PostgreSQL cannot hold): each log-in does the same work."""
    async with database.lookup() as connection:
        return await queries.find_login(connection, key.replace("\0", " "))


async def _open_session(session: AsyncSession, settings: Settings, owner_id: UUID, client: Client) -> tuple[str, str]:
    """A new session in this transaction: its access token and its refresh token."""
    session_id = uuid4()
    token = make_refresh_token(settings.secret_key, owner_id, session_id)
    row = Session(
        owner_id=owner_id,
        id=session_id,
        refresh_hash=refresh_hash(token),
        user_agent="".join(filter(str.isprintable, client.user_agent))[:MAX_USER_AGENT],
        expires_at=datetime.now(UTC) + timedelta(days=settings.refresh_token_days),
    )
    session.add(row)
    await session.flush()
    return _access_token(settings, owner_id, session_id), token


def _access_token(settings: Settings, owner_id: UUID, session_id: UUID) -> str:
    return make_access_token(settings.secret_key, owner_id, session_id, settings.access_token_minutes * 60)


def _registration_closed() -> Forbidden:
    return Forbidden(
        "Registration is closed.", code="registration_closed", hint="Ask the administrator to open it for you."
    )


def email_taken() -> Conflict:
    return Conflict("This e-mail address has an account.", code="email_taken", hint="Log in instead.")


def _disabled() -> Forbidden:
    return Forbidden("This account is disabled.", code="account_disabled", hint="Ask the administrator.")


def _session_ended() -> Unauthenticated:
    return not_authenticated("The session has ended.", "session_ended", "Log in again.")
