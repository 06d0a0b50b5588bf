"""The list of jobs: none is forgotten, and no two share a lease."""

import ast
from importlib import import_module
from pathlib import Path

from bot.jobs.registry import ALL_JOBS

BOT = Path(__file__).parents[3] / "bot"


def declares_jobs(path: Path) -> bool:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    names = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    return any(isinstance(name, ast.Name) and name.id == "JOBS" for name in names)


def test_every_job_that_a_module_declares_is_in_the_list() -> None:
    modules = [path for path in sorted(BOT.rglob("*.py")) if declares_jobs(path)]
    declared = [
        job
        for path in modules
        for job in import_module(".".join(path.relative_to(BOT.parent).with_suffix("").parts)).JOBS
    ]

    assert len(modules) > 15
    assert sorted(job.name for job in declared) == sorted(job.name for job in ALL_JOBS)


def test_no_two_jobs_have_one_name() -> None:
    names = [job.name for job in ALL_JOBS]

    assert len(set(names)) == len(names)
