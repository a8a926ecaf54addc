# syntax=docker/dockerfile:1
# One image for the API, the worker, the migration and the command line: `docker build -t docvault:0.1.0 .`

FROM python:3.12-slim AS build
WORKDIR /app

# The locked packages change rarely: a layer of their own, made by the very script that `make run` uses. Empty packages
# stand for the source, which is linked and not copied into the environment.
COPY pyproject.toml requirements.lock README.md LICENSE hatch_build.py ./
COPY scripts/install.py scripts/
RUN mkdir docvault ingestion search migrations \
    && touch docvault/__init__.py ingestion/__init__.py search/__init__.py migrations/__init__.py \
    && python scripts/install.py
# The root filesystem is read-only later: what is not compiled now would be compiled at every start. Some packages carry
# files that are not Python 3, which is no reason to stop.
RUN .venv/bin/python -m compileall -qq -j 0 .venv || true

# The page is built once per change of its source. Node is there for as long as that takes, and its packages stay here.
COPY docvault/web docvault/web
RUN python scripts/install.py && rm -rf docvault/web/app/node_modules "$HOME/.npm"

COPY docvault docvault
COPY ingestion ingestion
COPY search search
COPY migrations migrations
RUN rm -rf docvault/web/app && .venv/bin/python -m compileall -q docvault ingestion search migrations

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/docvault docvault \
    && install --directory --owner docvault --group docvault --mode 0700 /var/lib/docvault
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    HOME=/var/lib/docvault \
    DOCVAULT_HOME=/var/lib/docvault \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER docvault
VOLUME /var/lib/docvault
EXPOSE 8000
# Of the API. A container that runs something else says its own: see docker-compose.yml.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=6 CMD ["python", "-m", "docvault.server.alive", "http"]
ENTRYPOINT ["docvault"]
CMD ["serve"]
