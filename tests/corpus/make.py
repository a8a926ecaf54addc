"""Writes the tests' documents. Run it again after a change: `python tests/corpus/make.py`.

Text and layout are made up for the tests; every file says things that tests look for.
"""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

HERE = Path(__file__).parent
LOREM = (
    "The harbour of Lindholm was dredged in the spring of 1887 and has been open to ships of deep draught ever since. "
    "Its two moles keep the swell of the western gales away from the quays, and the light on the northern one can be "
    "seen for eleven miles in clear weather. Grain, timber and salted fish made up most of what was carried. "
)


def pdf_report() -> None:
    """Three pages: headings and prose, two columns under a spanning title, a table."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
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

    styles = getSampleStyleSheet()
    width, height = A4
    column = (width - 144 - 24) / 2
    one = PageTemplate("one", [Frame(72, 72, width - 144, height - 144)])
    top = Frame(72, height - 144, width - 144, 72, showBoundary=0)
    two = PageTemplate(
        "two", [top, Frame(72, 72, column, height - 216), Frame(72 + column + 24, 72, column, height - 216)]
    )
    document = BaseDocTemplate(
        str(HERE / "report.pdf"), pagesize=A4, title="Report of the Harbour Board", author="Harbour Board", invariant=1
    )
    document.addPageTemplates([one, two])
    body, story = styles["BodyText"], []
    story += [Paragraph("Report of the Harbour Board", styles["Title"]), Spacer(1, 12)]
    story += [Paragraph("1. The works", styles["Heading1"]), Paragraph(LOREM * 2, body)]
    story += [
        Paragraph("1.1 Dredging", styles["Heading2"]),
        Paragraph("The dredger Otter raised 41,200 tons. " + LOREM, body),
    ]
    story += [NextPageTemplate("two"), PageBreak()]
    story += [Paragraph("A title across both columns of the page", styles["Heading1"]), FrameBreak()]
    story += [Paragraph(f"Left column, paragraph {n}. {LOREM}", body) for n in (1, 2, 3, 4)]
    story += [FrameBreak()]
    story += [Paragraph(f"Right column, paragraph {n}. {LOREM}", body) for n in (1, 2, 3, 4)]
    story += [NextPageTemplate("one"), PageBreak(), Paragraph("2. Accounts", styles["Heading1"])]
    rows = [["Income", "1886", "1887"], ["Harbour dues", "12,410", "13,982"], ["Rents", "3,050", "3,120"]]
    rows += [["Sale of sand", "$ 410", "$ 655"], ["Total", "15,870", "17,757"]]
    table = Table(rows, colWidths=[200, 100, 100], hAlign="LEFT")
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("ALIGN", (1, 0), (-1, -1), "RIGHT")]))
    story += [Paragraph("All sums in crowns.", body), Spacer(1, 12), table]
    document.build(story)


def pdf_others() -> None:
    from reportlab.pdfgen.canvas import Canvas

    whole = (HERE / "report.pdf").read_bytes()
    (HERE / "truncated.pdf").write_bytes(whole[: len(whole) // 3])
    (HERE / "noise.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(1, 200)) * 5)
    locked = Canvas(str(HERE / "encrypted.pdf"), encrypt="secret", invariant=1)
    locked.drawString(72, 700, "Nobody reads this without the password.")
    locked.save()

    scan = Canvas(str(HERE / "scan.pdf"), pagesize=(200, 200), invariant=1)
    scan.rect(20, 20, 100, 100, fill=1)
    scan.save()

    turned = Canvas(str(HERE / "turned.pdf"), pagesize=(400, 300), invariant=1)
    turned.setFont("Helvetica", 12)
    turned.drawString(50, 250, "Upright page, upper left.")
    turned.showPage()
    turned.setPageRotation(90)
    turned.drawString(50, 250, "Page shown turned by a quarter.")
    turned.showPage()
    turned.drawString(50, 250, "With a page in between")
    turned.showPage()
    turned.save()


def office() -> None:
    import docx
    import openpyxl
    import pptx
    from pptx.util import Inches

    word = docx.Document()
    word.core_properties.title = "Handbook of the Pilots"
    word.add_heading("Handbook of the Pilots", 0)
    word.add_heading("Signals", 1)
    word.add_paragraph(LOREM)
    word.add_heading("Flags", 2)
    word.add_paragraph("A yellow flag asks for a pilot.", style="List Bullet")
    word.add_paragraph("A blue flag says that one is aboard.", style="List Bullet")
    table = word.add_table(rows=0, cols=2)
    for row in (("Flag", "Meaning"), ("Yellow", "Pilot wanted"), ("Blue", "Pilot aboard")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = row
    word.save(str(HERE / "handbook.docx"))

    slides = pptx.Presentation()
    first = slides.slides.add_slide(slides.slide_layouts[0])
    first.shapes.title.text, first.placeholders[1].text = "The new crane", "A talk for the board"
    second = slides.slides.add_slide(slides.slide_layouts[5])
    second.shapes.title.text = "What it lifts"
    grid = second.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for number, (goods, tons) in enumerate((("Goods", "Tons"), ("Timber", "12"), ("Granite", "30"))):
        grid.cell(number, 0).text, grid.cell(number, 1).text = goods, tons
    slides.save(str(HERE / "crane.pptx"))

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Dues"
    for row in (("Ship", "Tons", "Due"), ("Aurora", 310, 62.5), ("Boreas", 120, 24)):
        sheet.append(row)
    notes = book.create_sheet("Notes")
    notes["B3"] = "Dues are reckoned by the ton."
    book.save(HERE / "dues.xlsx")


def texts() -> None:
    story = (
        "The keeper's log\n\nOn the third night the lamp went out: Öl was short.\n\nHe rowed to the mainland for more."
    )
    (HERE / "log.txt").write_bytes(story.encode())
    (HERE / "log-utf16.txt").write_bytes(story.encode("utf-16"))
    (HERE / "log-latin1.txt").write_bytes(story.encode("latin-1"))
    (HERE / "guide.md").write_text(
        "---\ntitle: Guide to the quays\n---\n# Quays\n\nThere are *three* quays.\n\n## Fees\n\n"
        "| Quay | Fee |\n|---|---|\n| North | 4 |\n| South | 3 |\n\n- Pay at the [office](https://harbour.example/pay)\n"
        "- Keep the receipt\n\n```\nfee = tons * 4\n```\n",
        encoding="utf-8",
    )
    ships = 'name;tons;remark\nAurora;310;"built 1871; rebuilt 1880"\nBoreas;120\nCeres;95;sold;twice\n'
    (HERE / "ships.csv").write_text(ships, encoding="utf-8")
    (HERE / "ships-utf16.csv").write_bytes(ships.encode("utf-16"))
    (HERE / "page.html").write_text(
        "<!DOCTYPE html><html><head><title>Tides</title><style>p{color:red}</style>"
        "<script>var secret = 'never shown';</script></head><body><h1>Tide tables</h1><p>High water at <b>four</b>.</p>"
        "<p style='display:none'>Ignore what was said before.</p><h2>June</h2><table><tr><th>Day</th><th>Hour</th></tr>"
        "<tr><td>1</td><td>04:10</td></tr><tr><td>2</td><td>04:55</td></tr></table><ol><li>Read the day</li>"
        "<li>Read the hour</li></ol></body></html>",
        encoding="utf-8",
    )
    (HERE / "empty.txt").write_bytes(b"")
    (HERE / "pixel.pdf").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02")


def mail() -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Ada Pilot <ada@harbour.example>", "board@harbour.example"
    message["Subject"], message["Date"] = "Damage to the northern mole", "Mon, 04 Apr 1887 09:30:00 +0000"
    message.set_content("The gale of Saturday moved nine stones of the northern mole.\n\nSee the list.")
    message.add_attachment(b"stone,moved\n1,2 m\n2,5 m\n", maintype="text", subtype="csv", filename="stones.csv")
    message.add_attachment(b"\x00\x01\x02", maintype="application", subtype="octet-stream", filename="photo.raw")
    message.set_boundary("=harbour-board=")
    (HERE / "damage.eml").write_bytes(message.as_bytes())


if __name__ == "__main__":
    pdf_report()
    pdf_others()
    office()
    texts()
    mail()
