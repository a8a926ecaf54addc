import pytest

from ingestion.extract.document import Page
from ingestion.extract.language import language_of


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The harbour was dredged in the spring and has been open to ships of deep draught ever since."),
        ("de", "Der Hafen wurde im Frühjahr ausgebaggert und ist seither für große Schiffe offen, auch bei Nacht."),
        ("fr", "Le port a été dragué au printemps et il est ouvert aux navires depuis ce jour, même dans la nuit."),
        ("es", "El puerto fue dragado en la primavera y desde entonces está abierto a los barcos de gran calado."),
        (
            "tr",
            "Liman ilkbaharda tarandı ve o zamandan sonra bir çok gemi için her gün açık kaldı, ancak gece değil.",
        ),
        ("ru", "Гавань углубили весной, и с тех пор она открыта для больших судов."),
        ("uk", "Гавань поглибили навесні, і відтоді вона відкрита для великих суден."),
        ("ja", "港は春に浚渫され、それ以来大きな船が入れるようになった。"),
        ("zh", "港口在春天疏浚，从那时起大型船只可以进入。"),
        ("fa", "بندر در بهار لایروبی شد و از آن پس برای کشتی‌های بزرگ باز است چون گود شد."),
        ("und", "310 120 95"),
        ("und", ""),
    ],
)
def test_languages(language: str, text: str) -> None:
    assert language_of([Page(1, text, [])]) == language


def test_rarer_languages_are_asked_of_the_slow_detector() -> None:
    text = (
        "Uuden sataman altaat ruopattiin keväällä. " * 2
        + "Sadama süvendati kevadel ning sellest ajast saadik on see suurtele laevadele avatud. " * 5
    )
    assert language_of([Page(1, text, [])]) == "et"


def test_the_title_page_does_not_decide_alone() -> None:
    pages = [
        Page(1, "REPORT 1887", []),
        *[Page(n, "Der Hafen ist für die Schiffe offen und wird von der Stadt verwaltet. " * 5, []) for n in (2, 3)],
    ]
    assert language_of(pages) == "de"
