"""Write the sample PDF and Word file: `.venv/bin/python scripts/samples.py`. The same run gives the same PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docx import Document
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    FrameBreak,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

FOLDER = Path(__file__).resolve().parent.parent / "docvault" / "local" / "samples"
STYLES = getSampleStyleSheet()
BODY = ParagraphStyle("body", parent=STYLES["BodyText"], fontSize=10.5, leading=15, spaceAfter=7)
TITLE, H1, H2 = STYLES["Title"], STYLES["Heading1"], STYLES["Heading2"]

WELCOME = """
# Field Handbook
## Lantern Bay Field Station, edition 7

Welcome to Lantern Bay. The station stands on the lee side of a small island, half an hour by ferry from Harrow Quay,
and lends its boats, tanks and beds to anybody who studies the shore. Some forty people work here in summer and nine
in winter. This handbook says how we live and work together; it is short because the sea decides the rest.

## How to use this handbook

Read page 3 before you plan a field trip and page 5 before you go on the water for the first time. The rest can wait
for a rainy evening, of which there are plenty. Whoever finds a mistake writes to the station manager, Ines Okafor,
and is thanked in the next edition.

## What is in it

1. The station and its history, page 2
2. Planning a field trip, page 3
3. Boats and equipment, page 4
4. Samples, data and emergencies, page 5

## Arrival

Beds are made up in the long house. Everybody cooks once a week in pairs, and the list hangs beside the stove. The
laboratory is open day and night; the workshop closes at 21:00 because it stands under the bedrooms. Wet suits hang in
the drying room and never on the stairs.
"""

HISTORY = """
# 1. The station and its history

Lantern Bay began as a lighthouse. Its keeper from 1887, Agnes Thorne, wrote down the temperature of the water every
morning for thirty-one years, at first to settle an argument with her brother. Her notebooks are the oldest unbroken
series on this coast, and they still hang in the hall.

When the light was made automatic in 1954, the county wanted to pull the buildings down. A teacher of biology from
Harrow, Emil Sandoval, rented them for one crown a year and brought his classes. The first laboratory was the old oil
store: it had a stone floor, a tap, and one window to the north.

The university joined in 1968 and built the long house, with twenty-four beds, and the first sea-water line. Since
then the water in the tanks comes from eight metres below the lowest tide, unfiltered, and with it comes whatever
swims.

|

## The seagrass plots

The best known work of the station is the seagrass series. Eighteen plots were marked out in 1979 and have been
counted every June since. In the warm summer of 2003 half of the shoots were lost; it took eleven years until they
were back.

## The station today

The station belongs to a foundation of the county, the university and the fishing cooperative, each with three seats.
It lives on bed nights, courses and grants, in this order. The aquarium pays for itself, to everybody's surprise.

Visitors ask most often whether the lantern still burns. It does, every night, with a lamp that is smaller than a
thumb.
"""

PLANNING = """
# 2. Planning a field trip

A field trip is any work outside the harbour that lasts more than three hours. It has one leader, who stays
responsible until everybody is back and the boat is tied up.

## Dive plans

The dive plan must reach the safety officer at least 12 days before the field trip begins. The plan names the divers,
the site, the greatest depth and the gas. The safety officer, Amara Holt, answers within two working days. A plan that
is changed afterwards is a new plan, unless only a name is taken off it.

Nobody dives alone, and nobody dives deeper than 24 metres from this station. Divers show a medical certificate that
is less than a year old.

## Trips without diving

Trips on foot over the mudflats need no plan, but the leader signs the board in the hall and writes the time of
return. If the group is more than 45 minutes late, the watch goes and looks.

## Weather

The leader decides about the weather, and the boat driver may always say no. No boat leaves the harbour above wind
force 6, or with less than 500 metres of sight. A trip that is called off is not a failure; it is written into the log
like any other.

## Guests

Guests may come along when the leader agrees. They wear a life jacket from the moment they step onto the pontoon, they
are shown the radio, and they do not dive.
"""

BOATS = """
# 3. Boats and equipment

The station has four boats. They are booked on the board in the hall for half a day at a time; whoever needs one for
longer talks to the others first. Fuel is paid by the project, by the hour.
"""

BOATS_TABLE = [
    ["Boat", "Length", "People", "Engine", "Crowns per hour", "Used for"],
    ["Petrel", "5.2 m", "4", "40 hp", "38", "plots, short trips"],
    ["Dunlin", "5.2 m", "4", "40 hp", "38", "tide gauges"],
    ["Eider", "7.8 m", "8", "115 hp", "95", "diving, courses"],
    ["Great Auk", "11.4 m", "14", "220 hp", "210", "trawl, open water"],
]

BOATS_AFTER = """
## Who may drive

Petrel and Dunlin may be driven by everybody with the coastal licence and an hour of practice with Tomasz Reyes. Eider
and Great Auk are driven by the station's own crew only.

## Before and after

Before leaving, check fuel, bilge, radio, flares and the kill cord, and write the check into the boat's book.
Afterwards rinse the engine with fresh water for five minutes, close the fuel tap, and hang the key on its hook. A
boat that comes back with less than half a tank is filled up by whoever used it.

## Instruments

Probes for salinity, oxygen and light are lent by the laboratory for two weeks at a time. They are calibrated on the
first Monday of the month. The large camera has its own insurance and its own list.
"""

SAMPLES = """
# 4. Samples, data and emergencies

## Samples

Every sample carries a label with date, site, depth, name and number, in pencil, because ink runs. Samples in the cold
store are kept for 18 months and then thrown away, unless somebody has written "keep" and a year on the box. Formalin
stays in the fume cupboard.

## Data

Measurements go to the station's archive before their owner leaves the island. They stay closed for two years and are
then open to everybody, under the name of whoever took them. Photographs of people are not archived.

## Emergencies

The radio in the hall listens on channel 16 and works on channel 72. In an emergency call the rescue service first and
the station second. Oxygen is in the red case on Eider and in the boathouse; everybody who dives has been shown how to
use it. The nearest pressure chamber is in Harrow, 50 minutes by helicopter.

## Leaving

Strip the bed, empty the shelf in the refrigerator, hand in the key. Then write one page for the yearbook about what
you found. It need not be finished; the sea is not either.
"""


def flow(text: str) -> list[Any]:
    """A page's text: `#` and `##` are headings, `|` begins the next column, lines are joined into paragraphs."""
    parts: list[Any] = []
    for block in text.strip().split("\n\n"):
        if block == "|":
            parts.append(FrameBreak())
            continue
        for line in _lines(block):
            style = H1 if line.startswith("# ") else H2 if line.startswith("## ") else BODY
            parts.append(Paragraph(line.lstrip("# "), style))
    return parts


def _lines(block: str) -> list[str]:
    if block.startswith("#") or block[:2] == "1.":
        return block.splitlines()
    return [" ".join(block.splitlines())]


def boats_table() -> Table:
    table = Table(BOATS_TABLE, hAlign="LEFT", repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONTSIZE", (0, 0), (-1, -1), 9.5),
                ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#dfe8ee")),
                ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#8aa0ad")),
            ]
        )
    )
    return table


def write_handbook() -> None:
    width, height = A4
    left, bottom, inner, tall, gap = 22 * mm, 24 * mm, width - 44 * mm, height - 48 * mm, 9 * mm
    column = (inner - gap) / 2
    single = PageTemplate("single", [Frame(left, bottom, inner, tall, id="one")], onPage=page_number)
    columns = [Frame(left + number * (column + gap), bottom, column, tall, id=f"c{number}") for number in (0, 1)]
    document = BaseDocTemplate(
        str(FOLDER / "station-handbook.pdf"),
        pagesize=A4,
        title="Field Handbook of Lantern Bay Field Station",
        author="Lantern Bay Field Station",
        pageTemplates=[single, PageTemplate("double", columns, onPage=page_number)],
        invariant=1,
    )
    document.build(
        [
            *flow(WELCOME),
            *(NextPageTemplate("double"), PageBreak(), *flow(HISTORY)),
            *(NextPageTemplate("single"), PageBreak(), *flow(PLANNING)),
            *(PageBreak(), *flow(BOATS), Spacer(1, 6), boats_table(), Spacer(1, 6), *flow(BOATS_AFTER)),
            *(PageBreak(), *flow(SAMPLES)),
        ]
    )


def page_number(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(A4[0] / 2, 13 * mm, f"Lantern Bay Field Station - {document.page}")
    canvas.restoreState()


def write_handover() -> None:
    document = Document()
    document.add_heading("Handing over the boat Eider", 0)
    document.add_paragraph("To be read together, aloud, by the crew that leaves and the crew that comes.")
    document.add_heading("On the pontoon", 1)
    for line in (
        "Count the life jackets: ten, two of them for children.",
        "Open the red case and read the oxygen gauge; below 120 bar the bottle is changed.",
        "Check that the spare propeller is under the bench on the port side.",
    ):
        document.add_paragraph(line, style="List Bullet")
    document.add_heading("Engine", 1)
    document.add_paragraph(
        "The engine is serviced every 100 hours by the yard in Harrow. The next service is due at 1,350 hours. "
        "The oil is checked cold, and the impeller is changed every second spring."
    )
    document.add_heading("Known quirks", 1)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "What", "What helps"
    for what, helps in (
        ("The plotter shows the old harbour wall.", "Trust the eye; the chart is from 2015."),
        ("The anchor winch stops when it is cold.", "Press reset under the step, wait ten seconds."),
        ("The bilge alarm sounds in a following sea.", "Look into the bilge, then silence it for an hour."),
    ):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = what, helps
    document.save(str(FOLDER / "boat-handover.docx"))


if __name__ == "__main__":
    write_handbook()
    write_handover()
