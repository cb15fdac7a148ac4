"""What libraries may say in the log: that something failed and where, never with which values."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Final

LOGGERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio")


class Quiet(logging.Handler):
    """Writes a record's origin and the kind of its error, and leaves out its text.

    A message may hold addresses, a request's line or what somebody typed.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        kind = record.exc_info[0] if record.exc_info else None
        sys.stderr.write(
            f"ui: {record.name}: {record.levelname.lower()} at {record.module}:{record.lineno}"
            f"{f': {kind.__name__}' if kind else ''}\n"
        )


def silence() -> None:
    """Let the libraries of this room speak through `Quiet` alone."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [Quiet()]
        logger.propagate = False
        logger.setLevel(logging.ERROR)


def where(fault: BaseException) -> str:
    """Return the kind of an error and where it was raised, without its text."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = (
        f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "nowhere"
    )
    return f"{type(fault).__name__} at {place}"
