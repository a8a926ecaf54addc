"""Writes the tests' documents. Run it again after a change: `python tests/corpus/make.py`.

Text and layout are made up for the tests; every file says things that tests look for.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zipfile
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


MACRO = """<?xml version="1.0"?>
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">
Sub Main
Dim hidden(0) As New com.sun.star.beans.PropertyValue
hidden(0).Name = "Hidden" : hidden(0).Value = True
Dim locked(1) As New com.sun.star.beans.PropertyValue
locked(0).Name = "Password" : locked(0).Value = "mole"
locked(1).Name = "FilterName" : locked(1).Value = "%s"
text = StarDesktop.loadComponentFromURL("%s", "_blank", 0, hidden())
text.storeToURL("%s", locked())
text.close(True)
End Sub
</script:module>"""
LIBRARY = """<?xml version="1.0"?>
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false"
library:passwordprotected="false"><library:element library:name="Module1"/></library:library>"""


def libreoffice() -> None:
    """The same documents in other formats, and locked with the password `mole`, by another program than ours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore"]
        for source, target in (
            ("handbook.docx", "doc"), ("handbook.docx", "odt"), ("crane.pptx", "odp"), ("dues.xlsx", "xls"),
            ("dues.xlsx", "ods"),
        ):  # fmt: skip
            subprocess.run([*start, "--convert-to", target, "--outdir", name, str(HERE / source)], check=True)
        for file in folder.glob("*.od?"):
            without_picture(file, HERE / file.name)
        for file in (folder / "handbook.doc", folder / "dues.xls"):
            shutil.copyfile(file, HERE / file.name)
        macros = folder / "profile" / "user" / "basic" / "Standard"
        macros.mkdir(parents=True, exist_ok=True)
        (macros / "script.xlb").write_text(LIBRARY)
        for source, target, by in (
            ("handbook.odt", "locked.odt", "writer8"), ("handbook.odt", "locked.doc", "MS Word 97"),
            ("dues.ods", "locked.xls", "MS Excel 97"),
        ):  # fmt: skip
            (macros / "Module1.xba").write_text(MACRO % (by, (HERE / source).as_uri(), (HERE / target).as_uri()))
            subprocess.run([*start, "macro:///Standard.Module1.Main"], check=True)


def without_picture(source: Path, target: Path) -> None:
    """The little picture of the first page takes more room than all the rest."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for member in archive.infolist():
            if not member.filename.startswith("Thumbnails/"):
                data = archive.read(member)
                if member.filename == "META-INF/manifest.xml":
                    data = b"\n".join(line for line in data.split(b"\n") if b"Thumbnails/" not in line)
                copy.writestr(member.filename, data, member.compress_type)


def locked_excel() -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    with (HERE / "dues.xlsx").open("rb") as plain, (HERE / "locked.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt("mole", locked)


def book() -> None:
    """An EPUB whose spine has another order than its files, with one part that is not in it."""
    page = (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>'
        "<body>%s</body></html>"
    )
    parts = {
        "META-INF/container.xml": '<?xml version="1.0"?><container version="1.0" '
        'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="book/all.opf" '
        'media-type="application/oebps-package+xml"/></rootfiles></container>',
        "book/all.opf": '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Keeper&#8217;s Tales</dc:title></metadata>'
        '<manifest><item id="b" href="a%20second.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="text/z-first.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="c" href="gone.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>',
        "book/a second.xhtml": page % "<h1>The fog</h1><ul><li>A bell</li><li>A horn</li></ul>",
        "book/text/z-first.xhtml": page % "<h1>The lamp</h1><p>It went out at&nbsp;four.</p>",
    }
    with zipfile.ZipFile(HERE / "tales.epub", "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1987, 4, 4, 0, 0, 0)), text)


if __name__ == "__main__":
    pdf_report()
    pdf_others()
    office()
    texts()
    mail()
    libreoffice()
    locked_excel()
    book()
