"""All jobs that the clock starts. Each is declared beside its code, in the `JOBS` of its module."""

from bot.ingest import backfill, own_posts, profiles, track_search, twins
from bot.ingest import missing_posts as sweeps
from bot.ingest.feeds import schedule as feeds
from bot.jobs import (
    canary,
    claim_expiry,
    cleanup,
    digest,
    missing_post_checks,
    monthly_cap,
    priorities,
    reminders,
    search_index,
    snooze_wakeup,
    stats_rollup,
    ticket_groups,
    watchdog,
)
from bot.publish import account_check, manual_posting
from bot.slack import fix_followup, home_tab, private_cards

ALL_JOBS = (
    *backfill.JOBS,
    *track_search.JOBS,
    *feeds.JOBS,
    *account_check.JOBS,
    *own_posts.JOBS,
    *manual_posting.JOBS,
    *profiles.JOBS,
    *sweeps.JOBS,
    *twins.JOBS,
    *snooze_wakeup.JOBS,
    *claim_expiry.JOBS,
    *reminders.JOBS,
    *stats_rollup.JOBS,
    *ticket_groups.JOBS,
    *digest.JOBS,
    *fix_followup.JOBS,
    *missing_post_checks.JOBS,
    *monthly_cap.JOBS,
    *priorities.JOBS,
    *watchdog.JOBS,
    *canary.JOBS,
    *home_tab.JOBS,
    *private_cards.JOBS,
    *cleanup.JOBS,
    *search_index.JOBS,
)
