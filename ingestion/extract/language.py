"""Which language a text is in.

Alphabets give most of the world's languages away, and the small words that every sentence is full of give away those
that share the Latin one: a look-up for each word. `langdetect` knows more languages, at 60 MB of profiles and
milliseconds for each text, and is asked only where the small words leave it open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from ingestion.extract.document import Page

UNKNOWN = "und"
SAMPLE = 2000
"""Letters looked at, from three places of the document."""
LONG = 200
"""Letters from which a text is worth the slow detector."""

_NOT_LETTERS = re.compile(r"[\W\d_]+")

_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("te", re.compile("[\u0c00-\u0c7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)
# Letters that neighbours with the same alphabet do not use.
_NEIGHBOURS: dict[str, tuple[tuple[str, str], ...]] = {
    "ar": (("ur", "ٹڈڑںے"), ("fa", "پچژگ")),
    "ru": (("uk", "іїєґ"), ("be", "ў"), ("sr", "ђјљњћџ"), ("mk", "ѓќѕ")),
}

_SMALL_WORDS: dict[str, str] = {
    "en": (
        "the of and to in is that for was with as on are by this be from or an which were it not have at their has "
        "but they we can"
    ),
    "de": (
        "der die das und ist von den zu mit sich des auf für im dem nicht ein eine als auch es an werden aus er "
        "hat dass sie nach wird bei"
    ),
    "fr": (
        "le la les des et est en du une un dans que pour qui par sur au plus pas ce avec sont il ne se aux ces "
        "cette ou être"
    ),
    "es": (
        "el la los las de y en que del se por un una con para es no su al lo como más o pero sus fue ha son entre "
        "este también"
    ),
    "it": (
        "il di che la e è per un in del della una le dei con non si sono da gli nel alla più come al anche delle "
        "ha lo ma"
    ),
    "pt": "o a os as de e que do da em um uma para com não é por no na dos se mais ao das como foi são pelo mas ou",
    "nl": (
        "de het een van en in is dat op te zijn met voor niet aan er om ook als door maar bij worden wordt naar "
        "uit hij deze heeft"
    ),
    "sv": "och att det som en är av för på den till med har inte om ett de var från han kan eller men sig vid så",
    "da": (
        "og at det er en af til den på for i med som der de har ikke et om var fra blev efter han også sig eller ved"
    ),
    "no": "og å det er en av til den på for i med som de har ikke et om var fra ble etter han også seg eller ved",
    "fi": (
        "ja on ei se että oli joka hän mutta ovat kun myös tai sen niin mukaan kuin voi jos olla vuonna sekä ne "
        "hänen ole"
    ),
    "hu": (
        "a az és hogy nem is egy volt ez meg de csak már mint vagy el ha azt még által után magyar pedig ezt aki lehet"
    ),
    "pl": (
        "i w na z się nie do że jest to o po przez jak od za ale dla są przy oraz jego co który już tym może być było"
    ),
    "cs": "a v se na je že s z do o i to jako pro by ve za který byl po podle jsou od ale které nebo jeho také při",
    "ro": "și de la în a cu pe care din nu o un că este al să mai sunt o pentru dar au fost prin după sau fi ca lui",
    "tr": (
        "ve bir bu da de için ile olarak olan daha çok en gibi sonra kadar ise ne olduğu tarafından ancak veya "
        "değil her ya"
    ),
    "vi": (
        "và của là các có trong được một cho những không với người để này đã khi từ về như đến ra cũng năm tại vào "
        "nhiều"
    ),
    "id": (
        "yang dan di dengan untuk dari pada dalam ini itu adalah oleh tidak akan sebagai juga ke atau mereka bahwa "
        "dapat telah"
    ),
    "ca": (
        "de la el i a les en del que els per amb una un és al va com no més dels són aquesta també seva van o ser "
        "aquest"
    ),
    "hr": "i u je na se da su za od s a koji što kao nije bio iz o ne po ili biti koja bi te kako samo",
}


def language_of(pages: Sequence[Page]) -> str:
    """ISO 639-1 code of the language most of the text is in, `und` where there is too little to tell."""
    return detect(_sample(pages))


def _sample(pages: Sequence[Page]) -> str:
    """Words from three places of the document: title pages and tables are no good on their own."""
    spoken = [page.text for page in pages if len(page.text) > 200] or [page.text for page in pages]
    places = sorted({0, len(spoken) // 3, len(spoken) * 2 // 3}) if spoken else []
    share = SAMPLE * 2 // max(1, len(places))
    return " ".join(_NOT_LETTERS.sub(" ", spoken[place][:share]).strip() for place in places)[:SAMPLE].lower()


def detect(sample: str) -> str:
    """The language of small letters and blanks. The same text always gives the same answer."""
    letters = len(sample) - sample.count(" ")
    if letters < 6:
        return UNKNOWN
    for language, alphabet in _SCRIPTS:
        share = len(alphabet.findall(sample)) / letters
        if share > (0.1 if language == "ja" else 0.4):
            return _neighbour(language, sample)
    return _by_small_words(sample.split()) or (_slowly(sample) if letters >= LONG else UNKNOWN)


def _neighbour(language: str, sample: str) -> str:
    for other, letters in _NEIGHBOURS.get(language, ()):
        if sum(map(sample.count, letters)) * 200 > len(sample):
            return other
    return language


@cache
def _weights() -> dict[str, dict[str, float]]:
    """Word to language to weight: a word that many languages share says little about each."""
    sharing = Counter(word for words in _SMALL_WORDS.values() for word in set(words.split()))
    weights: dict[str, dict[str, float]] = {}
    for language, words in _SMALL_WORDS.items():
        for word in set(words.split()):
            weights.setdefault(word, {})[language] = 1 / sharing[word]
    return weights


def _by_small_words(words: list[str]) -> str | None:
    """The language whose small words make up enough of the text, clearly more than any other's."""
    weights = _weights()
    scores: Counter[str] = Counter()
    for word in words:
        for language, weight in weights.get(word, {}).items():
            scores[language] += weight  # pyright: ignore[reportArgumentType]
    if not scores:
        return None
    (best, first), (_, second) = [*scores.most_common(2), ("", 0.0)][:2]
    return best if first >= max(2.0, 0.05 * len(words)) and first > 1.25 * second else None


def _slowly(sample: str) -> str:
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory().create()
    detector.append(sample)
    try:
        best = detector.get_probabilities()
    except LangDetectException:
        return UNKNOWN
    return str(best[0].lang)[:2] if best and best[0].prob > 0.9 else UNKNOWN


@cache
def _factory() -> Any:
    """The detector's profiles of 55 languages. It draws lots; a fixed seed draws the same each time."""
    from langdetect import detector_factory

    detector_factory.DetectorFactory.seed = 0
    detector_factory.init_factory()
    return detector_factory._factory  # pyright: ignore[reportPrivateUsage]


def preload() -> None:
    detect("the quick brown fox jumps over the lazy dog")
