"""`python -m tests.chaos`: one run, its figures and its verdict."""

import os
import platform
import signal
import sys
import time
from dataclasses import fields

import click

from tests.chaos.plan import Plan
from tests.chaos.run import Report, run
from tests.revision import revision


@click.command()
@click.option("--on", "engine", type=click.Choice(["sqlite", "postgresql"]), default="sqlite")
@click.option("--replies", default=500, show_default=True)
@click.option("--presses", default=0, show_default=True, help="Additional replies typed in Slack.")
@click.option(
    "--elsewhere", default=0, show_default=True, help="Additional replies on Mastodon and on Bluesky each."
)
@click.option("--mentions", default=0, show_default=True)
@click.option("--kills", default=40, show_default=True, help="Minimum number of kills.")
@click.option("--each", default=3, show_default=True, help="Number of kills at each crash point.")
@click.option(
    "--lost", default=0.05, show_default=True, help="Share of X's responses to a post that are lost."
)
@click.option("--lag", default=1.0, show_default=True, help="Seconds until X shows us our own posts.")
@click.option("--looks", default="1,2,4,8", show_default=True, help="RECONCILE_SECONDS.")
@click.option("--workers", default=2, show_default=True, help="Worker processes (PostgreSQL).")
@click.option("--outages", is_flag=True, help="Kill PostgreSQL every 5 to 20 seconds.")
@click.option("--cuts", type=float, help="Average seconds between network outages.")
@click.option("--life", default=3.0, show_default=True, help="Average lifetime of a process, in seconds.")
@click.option("--minutes", default=0.0, show_default=True, help="Minimum duration.")
@click.option(
    "--patience", default=900.0, show_default=True, help="Seconds to wait until everything is settled."
)
@click.option("--posts-per-second", default=50.0, show_default=True, help="Slack's rate limit, raised.")
@click.option("--seed", type=int, help="Random if not given.")
def main(**given: object) -> None:
    """Kill, cut and lie; exit code 1 if anything was doubled, lost or stranded."""
    take_leave()
    given["seed"] = given["seed"] or time.time_ns() % 1_000_000
    given["lasts"] = float(str(given.pop("minutes"))) * 60
    given["updates_per_minute"] = float(str(given["posts_per_second"])) * 60
    given["outages"] = (5, 20) if given["outages"] else None
    plan = Plan(**given, durable=True)  # type: ignore[arg-type]
    click.echo(
        f"git {revision()}, seed {plan.seed}, Python {platform.python_version()}, {os.cpu_count()} cores"
    )
    report = run(plan)
    tell(report)
    sys.exit(bool(report.verdict.broken or report.verdict.missed))


def take_leave() -> None:
    """Let SIGTERM end this run as Ctrl-C does, so that no process is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def tell(report: Report) -> None:
    """Print what happened."""
    usual = Plan("")
    differs = {f.name: getattr(report.plan, f.name) for f in fields(Plan)}
    click.echo(
        ", ".join(f"{name}={value}" for name, value in differs.items() if value != getattr(usual, name))
    )
    for figures in (report.did, dict(sorted(report.wrong.items())), report.verdict.figures):
        click.echo("")
        for what, figure in figures.items():
            click.echo(f"  {what}: {figure}")
    click.echo("")
    for broken in report.verdict.broken + report.verdict.missed:
        click.echo(f"  BROKEN: {broken}")
    if report.verdict.broken or report.verdict.missed:
        click.echo(report.logs)
    click.echo("FAILED" if report.verdict.broken or report.verdict.missed else "All held.")


if __name__ == "__main__":
    main()
