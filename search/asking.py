"""A question before it is answered: what could be refused is checked, what was said before is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from docvault.errors import InvalidInput, NotFound
from docvault.models import Conversation, Message
from docvault.resources import Resources
from search import conversations, extractive
from search.queries import Filters
from search.retrieve import check
from search.schemas import ChatRequest


@dataclass(frozen=True)
class Asked:
    """A question that will be answered. `said` is what was said before it, and what its models are told.

    `gone` are the messages that the first answer takes the place of. `answered` are the models whose answers to this
    very question, which stands already, are replaced by new ones. `retitled` tells that the conversation is named after
    a question that goes.
    """

    owner_id: UUID
    conversation_id: UUID
    question: Message
    models: list[str]
    said: Sequence[Message]
    filters: Filters
    gone: Sequence[UUID] = ()
    answered: frozenset[str] = frozenset()
    again: bool = False
    retitled: bool = False
    begins: bool = False


async def ask(resources: Resources, owner_id: UUID, request: ChatRequest) -> Asked:
    """Raises `InvalidInput` for an empty question, for models that cannot be asked and for fields that do not go
    together, `NotFound` for a conversation or a question in it.
    """
    _consistent(request)
    if request.conversation_id is None:
        models = chosen_models(resources, request.models)
        return _new(resources, owner_id, uuid4(), request, models, begins=True)
    async with resources.database.transaction(owner_id) as session:
        conversation = await conversations.find(session, owner_id, request.conversation_id)
        said = await conversations.messages(session, owner_id, conversation.id, passages=False)
    if request.regenerates:
        return _again(resources, owner_id, request, conversation.id, said)
    models = chosen_models(resources, request.models)
    if not request.replaces:
        return _new(resources, owner_id, conversation.id, request, models, said=said)
    before, gone = divided(said, request.replaces)
    retitled = _named_after(conversation, before, gone)
    ids = [message.id for message in gone]
    return _new(resources, owner_id, conversation.id, request, models, said=before, gone=ids, retitled=retitled)


def _consistent(request: ChatRequest) -> None:
    if request.replaces and request.regenerates:
        raise InvalidInput(
            "`replaces` and `regenerates` do not go together: a question is asked anew or answered anew.",
            code="invalid_chat",
        )
    if (request.replaces or request.regenerates) and request.conversation_id is None:
        raise InvalidInput(
            "`replaces` and `regenerates` need `conversation_id`: the conversation that the question is in.",
            code="invalid_chat",
        )


def _new(
    resources: Resources, owner_id: UUID, conversation_id: UUID, request: ChatRequest, models: list[str], *,
    said: Sequence[Message] = (), gone: Sequence[UUID] = (), retitled: bool = False, begins: bool = False,
) -> Asked:  # fmt: skip
    content = check(resources.settings, request.question, name="question")
    filters = request.filters or Filters()
    question = Message(
        id=uuid4(), role="user", content=content, created_at=datetime.now(UTC), filters=kept_filters(filters)
    )
    return Asked(owner_id, conversation_id, question, models, said, filters, gone, retitled=retitled, begins=begins)


def _again(
    resources: Resources, owner_id: UUID, request: ChatRequest, conversation_id: UUID, said: Sequence[Message]
) -> Asked:
    """The same question once more; only who answers it and what is searched may be another."""
    old = next((m for m in said if m.id == request.regenerates and m.role == "user"), None)
    if old is None:
        raise question_not_found()
    if request.question.strip() not in ("", old.content):
        raise InvalidInput(
            "`regenerates` answers a question in the words it has.", code="invalid_chat",
            hint="Leave `question` out, or name the question in `replaces` to ask with other words.",
        )  # fmt: skip
    before, _ = divided(said, old.id)
    filters = request.filters if request.filters is not None else filters_of(old) or Filters()
    answered = [m.model for m in said if m.question_id == old.id and m.model]
    there = [model for model in dict.fromkeys(answered) if model == extractive.ID or resources.models.get(model)]
    models = chosen_models(resources, request.models or there[: resources.settings.max_models])
    content = check(resources.settings, old.content, name="question")
    question = Message(
        id=old.id, role="user", content=content, created_at=old.created_at, filters=kept_filters(filters)
    )
    return Asked(owner_id, conversation_id, question, models, before, filters, answered=frozenset(answered), again=True)


def chosen_models(resources: Resources, named: Sequence[str] | None) -> list[str]:
    settings = resources.settings
    wanted = list(dict.fromkeys(named or settings.default_models))
    known = [extractive.ID, *(model.id for model in resources.models)]
    for id in wanted:
        if id not in known:
            raise InvalidInput(
                f"There is no model `{id}`.", code="unknown_model", hint=f"Choose from: {', '.join(known)}."
            )
    if len(wanted) > settings.max_models:
        raise InvalidInput(
            f"{len(wanted)} models were named; {settings.max_models} at once are the most.", code="too_many_models"
        )
    return wanted


def divided(said: Sequence[Message], question_id: UUID) -> tuple[list[Message], list[Message]]:
    """What was said before a question, and the question with all that was said after it.

    A late answer to an earlier question belongs to what was before. Raises `NotFound`.
    """
    at = next((n for n, m in enumerate(said) if m.id == question_id and m.role == "user"), None)
    if at is None:
        raise question_not_found()
    questions = {m.id for m in said[at:] if m.role == "user"}
    after = [m for m in said[at:] if m.role == "user" or m.question_id is None or m.question_id in questions]
    gone = {m.id for m in after}
    return [m for m in said if m.id not in gone], after


def _named_after(conversation: Conversation, before: Sequence[Message], gone: Sequence[Message]) -> bool:
    return not before and conversation.title == conversations.title_of(gone[0].content)


def kept_filters(filters: Filters) -> dict[str, object] | None:
    """As they are stored: what was given, None where nothing was."""
    return {name: value for name, value in msgspec.to_builtins(filters).items() if value is not None} or None


def filters_of(question: Message) -> Filters | None:
    return msgspec.convert(question.filters, Filters) if question.filters else None


def question_not_found() -> NotFound:
    return NotFound("There is no such question in this conversation.", code="question_not_found")
