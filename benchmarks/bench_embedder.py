"""The built-in embedder against sentence-transformers' default (torch, fp32), on the same passages, in turns.

    python benchmarks/bench_embedder.py [--passages 96] [--rounds 4] [--home FOLDER]

Each side lives in a process of its own and they take turns, so that a busy machine slows both alike. Work per CPU
second counts every thread of a side; the best round of each side is kept. Limits: at least 2 times the work per CPU
second, at most a quarter of the CPU time and of the wall time for one question.

The same passages are then given as many small documents of one to five, four at a time: through the pool that fills
batches across them, against each batched by itself (limit 1.0), and in one call of them all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

WORDS = """
the pump must be primed before first start open bleed valve fill housing until water runs out without bubbles net
revenue rose in third quarter mostly because of higher prices volumes fell slightly either party may end this with
ninety days written notice obligations confidentiality remain force five years wing pressure boundary layer heat
transfer at hypersonic speeds is measured on slender bodies magnesium transporter doubled within
""".split()  # noqa: SIM905
QUESTIONS = [
    "how long is the warranty on the pump",
    "what was the operating margin in the third quarter",
    "who may end it",
]


def passages(count: int) -> list[str]:
    """Passages of 200 word pieces or so (100 to 240), the same at each call."""
    chance = random.Random(7)
    return [" ".join(chance.choices(WORDS, k=chance.randint(100, 240))) for _ in range(count)]


def small_documents(texts: list[str]) -> list[list[str]]:
    """The same texts, every second one cut short, as documents of one to five."""
    chance, documents = random.Random(3), list[list[str]]()
    rest = [text if number % 2 else text[: chance.randint(40, 600)] for number, text in enumerate(texts)]
    while rest:
        count = chance.randint(1, 5)
        documents.append(rest[:count])
        rest = rest[count:]
    return documents


def timed(work: Callable[[], Any]) -> dict[str, float]:
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": time.perf_counter() - wall}


def serve(sorts: dict[str, Callable[[], Any]], loading: dict[str, float]) -> None:
    """Answer each line of standard input, a sort of work, with one measurement."""
    print(json.dumps(loading | {"rss": memory()}), flush=True)
    for line in sys.stdin:
        found = timed(sorts[line.strip()])
        if line.strip() == "question":
            found = {key: value / (5 * len(QUESTIONS)) for key, value in found.items()}
        print(json.dumps(found | {"rss": memory()}), flush=True)


def memory() -> float:
    """MiB resident now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * resource.getpagesize() / 2**20


def side_torch(texts: list[str], home: str) -> None:
    from docvault.ai import minilm

    model: Any = None

    def load() -> None:
        nonlocal model
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(minilm.weights_folder()), device="cpu")

    loading = timed(load)
    serve(
        {
            "bulk": lambda: model.encode(texts),
            "question": lambda: [model.encode(text) for text in QUESTIONS * 5],
        },
        loading,
    )


def side_docvault(texts: list[str], home: str) -> None:
    from docvault.ai.embeddings import open_embedder
    from docvault.settings import Settings

    embedder: Any = None
    with asyncio.Runner() as runner:

        def load() -> None:
            nonlocal embedder
            embedder = runner.run(open_embedder(Settings(home=Path(home))))

        async def ask() -> None:
            for text in QUESTIONS * 5:
                await embedder.embed_query(text)

        async def four_at_a_time() -> None:
            rest = iter(documents)

            async def lane() -> None:
                for document in rest:
                    await embedder.embed(document)

            await asyncio.gather(*(lane() for _ in range(4)))

        def apart() -> None:
            with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
                list(threads.map(embedder._bulk.model.embed, documents))

        loading = timed(load)
        documents = small_documents(texts)
        serve(
            {
                "bulk": lambda: runner.run(embedder.embed(texts)),
                "question": lambda: runner.run(ask()),
                "documents": lambda: runner.run(four_at_a_time()),
                "apart": apart,
                "together": lambda: runner.run(embedder.embed([text for texts in documents for text in texts])),
            },
            loading,
        )


SIDES = {"torch": side_torch, "docvault": side_docvault}


class Side:
    def __init__(self, name: str, options: argparse.Namespace) -> None:
        command = [
            sys.executable,
            __file__,
            "--side",
            name,
            "--home",
            options.home,
            "--passages",
            str(options.passages),
        ]
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.loading = self.read()
        self.best: dict[str, dict[str, float]] = {}

    def read(self) -> dict[str, float]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def measure(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        found = self.read()
        best = self.best.get(what, found)
        self.best[what] = {key: min(best[key], found[key]) for key in ("cpu", "wall")} | {"rss": found["rss"]}

    def close(self) -> None:
        self.process.communicate()


def run(options: argparse.Namespace) -> int:
    from docvault.ai.embeddings import prepare_embedder
    from docvault.settings import Settings

    asyncio.run(prepare_embedder(Settings(home=Path(options.home)), lambda text: print(text, file=sys.stderr)))
    sides = [Side(name, options) for name in SIDES]
    for _ in range(options.rounds + 1):  # the first round warms up; the best round counts
        for what in ("bulk", "question"):
            for side in sides:
                side.measure(what)
        for what in ("documents", "apart", "together"):
            sides[-1].measure(what)
    for side in sides:
        show(side, options.passages)
        side.close()
    return judge(*sides)


def show(side: Side, count: int) -> None:
    bulk, question = side.best["bulk"], side.best["question"]
    print(
        f"{side.name:9s} passages {count / bulk['cpu']:7.1f} per CPU s, {count / bulk['wall']:7.1f} per s;  "
        f"question {question['cpu'] * 1e3:6.2f} ms CPU, {question['wall'] * 1e3:6.2f} ms;  "
        f"loads in {side.loading['wall']:.2f} s ({side.loading['cpu']:.2f} CPU), {question['rss']:.0f} MiB"
    )


def judge(torch: Side, ours: Side) -> int:
    rows = [
        ("work per CPU second", torch.best["bulk"]["cpu"] / ours.best["bulk"]["cpu"], 2.0, True),
        ("work per second", torch.best["bulk"]["wall"] / ours.best["bulk"]["wall"], 1.0, True),
        ("question, CPU time", ours.best["question"]["cpu"] / torch.best["question"]["cpu"], 0.25, False),
        ("question, time", ours.best["question"]["wall"] / torch.best["question"]["wall"], 0.25, False),
        ("documents, CPU time", ours.best["apart"]["cpu"] / ours.best["documents"]["cpu"], 1.0, True),
        ("documents in one call", ours.best["apart"]["cpu"] / ours.best["together"]["cpu"], 1.0, True),
    ]
    missed = 0
    for name, ratio, limit, at_least in rows:
        good = ratio >= limit if at_least else ratio <= limit
        missed += not good
        sign, word = ">=" if at_least else "<=", "reached" if good else "MISSED"
        print(f"{name:22s} {ratio:5.2f}  limit {sign} {limit:.2f}  {word}")
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--home", default=str(Path(tempfile.gettempdir()) / "docvault-bench"), help="keeps the prepared model"
    )
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        SIDES[options.side](passages(options.passages), options.home)
        return 0
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
