"""The lines of the doctor's report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad a finding is: how it is marked, and the exit code that it asks for."""

    OK = ("ok  ", 0)
    NOTE = ("note", 0)
    WARNING = ("warn", 1)
    BAD = ("BAD ", 2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report: what it is about, and a sentence with what to do."""

    level: Level
    subject: str
    sentence: str

    def line(self) -> str:
        """As it is printed."""
        return f"{self.level.value[0]}  {self.subject}: {self.sentence}"


def ok(subject: str, sentence: str) -> Finding:
    """Return a line about what is as it should be."""
    return Finding(Level.OK, subject, sentence)


def warn(subject: str, sentence: str) -> Finding:
    """Return a line about what works, but not as it should."""
    return Finding(Level.WARNING, subject, sentence)


def bad(subject: str, sentence: str) -> Finding:
    """Return a line about what does not work."""
    return Finding(Level.BAD, subject, sentence)


def note(subject: str, sentence: str) -> Finding:
    """Return a line about what is good to know."""
    return Finding(Level.NOTE, subject, sentence)


def print_findings(findings: Iterable[Finding], say: Callable[[str], object]) -> int:
    """Say each finding as it comes; give the exit code of the worst."""
    worst = 0
    for finding in findings:
        say(finding.line())
        worst = max(worst, finding.level.value[1])
    return worst
