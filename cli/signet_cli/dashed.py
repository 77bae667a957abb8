"""Commands whose argument is a random id: one in thirty-two of those begins with a dash, and is no option for that."""

import re
from typing import TYPE_CHECKING

from typer.core import TyperCommand, TyperOption

if TYPE_CHECKING:
    from typer import Context

_ID = re.compile(r"-[A-Za-z0-9_-]{21}|-[A-Za-z0-9_-]{42}")
"""Base64url of 16 or 32 bytes. No option is as long."""


class TakesId(TyperCommand):
    """Reads such an argument as it was copied, without `--` before it."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:  # type: ignore[override]
        """The ids come last, behind what ends the options; the value of an option stays with it."""
        valued = {
            name for each in self.params if isinstance(each, TyperOption) and not each.is_flag for name in each.opts
        }
        if "--" not in args:
            before = ["", *args]
            ids = [arg for last, arg in zip(before, args, strict=False) if _ID.fullmatch(arg) and last not in valued]
            if ids:
                args = [*(arg for arg in args if arg not in ids), "--", *ids]
        return super().parse_args(ctx, args)
