from uuid import UUID

from search.fuse import Candidate
from search.queries import Passage
from search.rank import rank


def passage(n: int, text: str, document: int = 100) -> Passage:
    return Passage(UUID(int=n), UUID(int=document), UUID(int=200), "a.txt", 1, 0, [], text, [])


def test_the_same_words_are_shown_once_and_what_is_gone_is_left_out() -> None:
    texts = {1: "one", 2: "one  \n", 3: "two", 5: "three"}
    found = {UUID(int=n): passage(n, text) for n, text in texts.items()}
    candidates = [Candidate(UUID(int=n), 1 - n / 10, None, 0.0) for n in range(1, 6)]
    assert [hit.passage.chunk_id.int for hit in rank(candidates, found, 10)] == [1, 3, 5]
    assert [hit.passage.chunk_id.int for hit in rank(candidates, found, 2)] == [1, 3]


def test_one_document_gives_no_more_than_it_may() -> None:
    found = {UUID(int=n): passage(n, str(n), document=100 if n < 5 else n) for n in range(1, 8)}
    candidates = [Candidate(UUID(int=n), 1 - n / 10, None, 0.0) for n in range(1, 8)]
    assert [hit.passage.chunk_id.int for hit in rank(candidates, found, 10, 2)] == [1, 2, 5, 6, 7]
    assert [hit.passage.chunk_id.int for hit in rank(candidates, found, 3, 1)] == [1, 5, 6]
