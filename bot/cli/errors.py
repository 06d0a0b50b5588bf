"""How a command on the command line ends when something is wrong: with one line, not with a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from bot import settings
from bot.runtime import migrations, sqlite_lock
from models.core.database import BusyError


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the process with exit code 1 and one line on standard error that says what to mend.

    Covers a wrong setting, schema or database; anything else is raised on.
    """
    try:
        yield
    except (settings.SettingsError, migrations.SchemaError, sqlite_lock.LockedError) as error:
        sys.exit(f"Heard cannot start: {error}")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        sys.exit(f"Heard cannot start: DATABASE_URL does not work: {reason}")
    except BusyError:
        sys.exit("Heard cannot start: the database is busy. Try again in a moment.")
