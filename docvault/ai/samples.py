"""Texts on which an exported embedding model is compared with its original: long and short, prose, lists, tables, code
and other scripts, so that a graph that goes wrong anywhere shows it. Written for this purpose."""

from __future__ import annotations

_PROSE = [
    (
        "The pump must be primed before the first start. Open the bleed valve, fill the housing until "
        "water runs out without bubbles, and close the valve again. Running the pump dry for more than "
        "thirty seconds destroys the shaft seal, which is not covered by the warranty."
    ),
    (
        "Net revenue rose by 4.2 percent to $1,384 million in the third quarter, mostly because of "
        "higher prices in Europe; volumes fell slightly. Operating margin was 11.8 percent, against 12.4 "
        "percent a year earlier."
    ),
    (
        "Either party may end this agreement with ninety days' written notice. Obligations of "
        "confidentiality remain in force for five years after it ends, whatever the reason."
    ),
    (
        "In mice fed a diet poor in magnesium, expression of the transporter doubled within a week. No "
        "such change was seen in animals of the control group, nor in those that were given the "
        "antagonist."
    ),
    (
        "The bridge was opened in 1894 after eight years of work. Two towers, each 65 metres high, carry "
        "the walkways that were meant for people who did not want to wait while the road was raised."
    ),
    (
        "Dear Ms Okafor, thank you for your letter of 3 May. We have looked into the delay of your "
        "refund and found that the account number in our records lacked a digit. The amount will reach "
        "you within two working days."
    ),
    (
        "A hash table with open addressing keeps its entries in one array. As it fills, runs of occupied "
        "slots grow and every look-up takes longer, so it is made larger when about two thirds are "
        "taken."
    ),
    (
        "Melt the butter over a low flame, add the flour, and stir for two minutes without letting it "
        "brown. Pour in the milk little by little. The sauce is ready when it covers the back of a "
        "spoon."
    ),
    (
        "The tribunal finds that the notice was served in time, that the tenant had three weeks to "
        "answer, and that the objection of 14 January was made by a person with no authority to act."
    ),
    (
        "Winds from the south-west will freshen during the night and reach gale force on exposed coasts. "
        "Rain spreads from the west before dawn and turns to snow above six hundred metres."
    ),
]

_SHORT = [
    "how long is the warranty",
    "Who signed the contract?",
    "operating margin third quarter",
    "error 0x80070005",
    "vacation policy part-time employees",
    "What does the treaty say about fishing rights?",
    "pump",
    "§ 4.2 (b)",
    "2024-11-05",
    "",
]

_SHAPES = [
    (
        "Item | Quantity | Price\nBolt M6 | 240 | 0.12\nWasher | 480 | 0.03\nBracket, galvanised | 24 | "
        "4.90\nTotal | | 160.80"
    ),
    (
        "def area(radius: float) -> float:\n    if radius < 0:\n        raise ValueError('negative "
        "radius')\n    return 3.14159 * radius**2"
    ),
    (
        "1. Switch off the mains.\n2. Remove the four screws.\n3. Lift the cover; mind the ribbon cable.\n"
        "4. Replace the fuse (T2A, 250 V)."
    ),
    "INVOICE No. 2023-0417\nDue: 30 days net\nIBAN DE00 0000 0000 0000 0000 00\nVAT 19 %: 38.00 EUR",
    (
        "From: a.meyer@example.org\nTo: office@example.org\nSubject: Re: Re: minutes of Tuesday\n\nFine with "
        "me. One typo on page 2."
    ),
    ("Die Lieferung erfolgt innerhalb von vierzehn Tagen. Mängel sind unverzüglich schriftlich anzuzeigen."),
    "Le contrat prend effet à la date de signature et reste valable pendant une durée de trois ans.",
    "El paciente refiere dolor leve desde hace dos semanas; no hay fiebre ni pérdida de peso.",
    "Договор вступает в силу с момента подписания обеими сторонами.",
    "本契約は署名の日から効力を生じ、三年間有効とする。",
    "∫ f(x) dx = F(b) − F(a); let ε > 0 and δ = ε / 2, then |f(x) − L| < ε",
    "   \n\t  spaces \xa0 and\u200b odd \x07 characters \x00 inside   ",
]

SAMPLES: list[str] = [
    *_PROSE,
    *_SHORT,
    *_SHAPES,
    " ".join(_PROSE[:3]),
    " ".join(_PROSE[3:7]),
    "\n\n".join(_PROSE),
    " ".join(_SHAPES[:4] * 3),
    "word " * 2000,
]
