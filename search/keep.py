"""What is kept of an answered question, and when: each answer as it ends, the question with the first of them."""

from __future__ import annotations

import asyncio

from docvault.database import Database, waits_for_others
from docvault.errors import DocVaultError, ModelError, Unavailable
from docvault.logging import get_logger
from search import conversations
from search.asking import Asked
from search.conversations import Answer

TRIES = 6  # of five seconds each, see DOCVAULT_LOCK_TIMEOUT
log = get_logger(__name__)


class Keeper:
    """Keeps the answers to one question, one short transaction each.

    A new answer takes the place of what is kept already only where it says something: one that failed before its first
    word removes nothing. It waits for another model's, and goes with that; where it is all that came, what was there
    stays as it was.
    """

    def __init__(self, database: Database, asked: Asked) -> None:
        self._database = database
        self._asked = asked
        self._one_at_a_time = asyncio.Lock()
        self._begun = False
        self._waiting: list[Answer] = []

    async def keep(self, answer: Answer) -> DocVaultError | None:
        """What went wrong, if it did: an answer that is not kept does not end in `done`."""
        try:
            async with self._one_at_a_time:
                await self._keep_in_the_end(answer)
        except DocVaultError as error:
            return error
        except Exception as error:
            log.error("answer.not_kept", model=answer.model, exc_info=error)
            return ModelError("The answer could not be kept. It has been logged.", code="not_saved")
        return None

    async def _keep_in_the_end(self, answer: Answer) -> None:
        """A document that is cited may be being indexed just now, for longer than a lock is waited for."""
        for again in range(TRIES, 0, -1):
            try:
                return await self._keep(answer)
            except Unavailable as error:
                if again == 1 or not waits_for_others(error):
                    raise

    async def _keep(self, answer: Answer) -> None:
        asked = self._asked
        if not answer.content and answer.error:
            if answer.model in asked.answered:
                return
            if asked.gone and not self._begun:
                self._waiting.append(answer)
                return
        answers = [*self._waiting, answer]
        async with self._database.transaction(asked.owner_id) as session:
            there = await conversations.hold_cited(
                session, asked.owner_id, {cited.document_id for one in answers for cited in one.citations},
                going=conversations.replaced_by(asked.question.id, answers, () if self._begun else asked.gone),
            )  # fmt: skip
            if self._begun or not asked.begins:  # one that was removed meanwhile does not come back
                await conversations.hold(session, asked.owner_id, asked.conversation_id)
            if not self._begun:
                await conversations.keep_question(
                    session, asked.owner_id, asked.conversation_id, asked.question,
                    gone=asked.gone, retitled=asked.retitled, again=asked.again,
                )  # fmt: skip
            for ended in answers:
                await conversations.keep_answer(
                    session, asked.owner_id, asked.conversation_id, asked.question.id, ended, there
                )
        self._begun = True
        for ended in answers:
            ended.kept = True
        self._waiting.clear()
