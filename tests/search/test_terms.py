from search.terms import MAX_TERMS, Lexeme, Term, terms


def simple(*words: str, present: bool = False) -> list[Lexeme]:
    return [Lexeme("simple", present, word, [n]) for n, word in enumerate(words, 1)]


def test_stop_words_are_what_the_configuration_lacks() -> None:
    english = [Lexeme("english", True, "cat", [2]), Lexeme("english", True, "sit", [4])]
    assert terms(simple("the", "cats", "are", "sitting") + english) == [Term("'cat'", 1), Term("'sit'", 1)]


def test_one_word_is_one_term_in_all_languages() -> None:
    found = [
        Lexeme("english", True, "running", [1]),
        Lexeme("german", True, "running", [1]),
        Lexeme("german", True, "x", [2]),
    ]
    assert terms([*found, Lexeme("english", True, "y", [2])]) == [Term("'running'", 1), Term("'x' | 'y'", 2)]


def test_the_stop_words_of_the_questions_language_are_left_out_everywhere() -> None:
    words = simple("when", "did", "the", "war", "start")
    english = [Lexeme("english", True, "war", [4]), Lexeme("english", True, "start", [5])]
    german = [Lexeme("german", True, word, [n]) for n, word in enumerate(("when", "did", "the"), 1)]
    german.append(Lexeme("german", True, "start", [5]))
    assert [term.query for term in terms(words + english + german)] == ["'war'", "'start'"]


def test_one_stop_word_does_not_make_a_language() -> None:
    words = simple("war", "casualties")
    english = [Lexeme("english", True, "war", [1]), Lexeme("english", True, "casualti", [2])]
    german = [Lexeme("german", True, "casualti", [2])]
    assert [term.query for term in terms(words + english + german)] == ["'war'", "'casualti'"]


def test_a_question_of_stop_words_alone_has_no_terms() -> None:
    assert terms(simple("what", "is", "the")) == []
    assert terms([]) == []


def test_quotes_and_backslashes_stay_inside_their_lexeme() -> None:
    assert terms([Lexeme("simple", True, "o'neil\\", [1])]) == [Term("'o''neil\\\\'", 1)]


def test_long_questions_are_cut() -> None:
    assert len(terms(simple(*(f"w{n}" for n in range(200)), present=True))) == MAX_TERMS
