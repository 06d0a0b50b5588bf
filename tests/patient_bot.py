"""`python -m bot` for tests on a busy machine: it waits for its ledger and for Slack `PATIENCE` times as long."""

from functools import partial

from bot import __main__ as program
from bot.bootstrap import open_context
from tests.patience import PATIENCE

if __name__ == "__main__":
    program.open_context = partial(open_context, patience=PATIENCE)  # type: ignore[assignment]
    program.main()
