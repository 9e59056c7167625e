"""What the workers do when woken. Each task looks at the database and calls one verb; running it twice is harmless."""

from celery import shared_task

from emails import (
    activity,
    blocks,
    channel,
    delivery,
    digests,
    domains_checks,
    erasures,
    exports,
    inbox,
    mailbox,
    nightly,
    overdue,
    releases,
    retries,
)


@shared_task(name="emails.tasks.deliver_due")
def deliver_due(*_: object) -> None:
    """Send what is due."""
    channel.worker_seen()
    delivery.deliver_due()


@shared_task(name="emails.tasks.drain_inbox")
def drain_inbox(*_: object) -> None:
    """Read the webhook posts that wait; what failed for a passing reason is planned again."""
    inbox.drain()
    retries.plan_all()


@shared_task(name="emails.tasks.sweep")
def sweep(*_: object) -> None:
    """Take back lost leases, adopt orphans, raise what stayed silent for too long, go on with deletions."""
    activity.sweep()
    inbox.adopt_orphans()
    retries.plan_all()
    blocks.release_stragglers()
    overdue.raise_problems()
    overdue.close_unreported()
    erasures.go_on()


@shared_task(name="emails.tasks.poll_mailbox")
def poll_mailbox(*_: object) -> None:
    """Take in the reports that came back as mail."""
    mailbox.poll()


@shared_task(name="emails.tasks.check_domains")
def check_domains(*_: object) -> None:
    """Look up the mail domains that wait for it; what was held for one that takes mail after all leaves."""
    domains_checks.ask_for_waiting()
    domains_checks.drain()
    releases.of_revived_domains()


@shared_task(name="emails.tasks.prepare_exports")
def prepare_exports(*_: object) -> None:
    """Write the files that were asked for; drop old ones."""
    exports.work()


@shared_task(name="emails.tasks.send_digests")
def send_digests(*_: object) -> None:
    """The office's daily summary, when its hour has come."""
    digests.run()


@shared_task(name="emails.tasks.settle_holds")
def settle_holds(*_: object) -> None:
    """Ask the mail service about blocked addresses; what waited for one that is allowed leaves."""
    blocks.drain()


@shared_task(name="emails.tasks.heartbeat")
def heartbeat(*_: object) -> None:
    """Show that a worker is alive."""
    channel.worker_seen()


@shared_task(name="emails.tasks.nightly")
def nightly_work(*_: object) -> None:
    """Check and tidy."""
    nightly.run()
