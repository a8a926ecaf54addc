"""What a browser finds at the address: for now, a page that says what answers here and how to ask."""

from __future__ import annotations

from litestar import MediaType, get

import docvault

PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>DocVault</title>
<link rel="stylesheet" href="/style.css">
<main>
<h1>DocVault</h1>
<p>A vault for documents that answers questions. This is version {docvault.__version__}; it is running.</p>
<h2>Ask it something</h2>
<pre>docvault ask report.pdf "What did we decide about pricing?"</pre>
<h2>Or from a program</h2>
<pre>curl -s http://127.0.0.1:8000/api/search -H "Authorization: Bearer dv_…" \\
     -H "Content-Type: application/json" -d '{{"query": "pricing"}}'</pre>
<p>Every call is described in <a href="/schema/openapi.json">the OpenAPI document</a>;
<a href="/health">its health</a> and <a href="/metrics">its metrics</a> are open.</p>
</main>
</html>
"""

STYLE = """
:root { color-scheme: light dark; font: 17px/1.6 system-ui, sans-serif; }
body { margin: 0; padding: 10vh 6vw; background: Canvas; color: CanvasText; }
main { max-width: 40rem; margin: 0 auto; }
h1 { font-size: 2.2rem; letter-spacing: -0.02em; margin: 0 0 .5rem; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
pre { padding: 1rem; border-radius: .5rem; overflow-x: auto; font-size: .85rem;
      background: color-mix(in srgb, CanvasText 7%, Canvas); }
a { color: LinkText; }
"""


@get("/", media_type=MediaType.HTML, opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def home() -> str:
    return PAGE


@get("/style.css", media_type="text/css", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def style() -> str:
    return STYLE
