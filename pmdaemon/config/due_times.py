"""When something is due: cron expressions and time zones."""

from pmdaemon.config.field_values import filled_text, refused

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""Those of crontab(5)."""


def cron(value: object) -> str | None:
    """Read a cron expression, of five fields, or six with seconds first; PM2 has 0 for none."""
    if value in (0, "0", False):
        return None
    expression = filled_text(value).strip()
    expression = NICKNAMES.get(expression.lower(), expression)
    # Only those who have a schedule pay for these imports.
    from datetime import UTC, datetime  # noqa: PLC0415

    from cronsim import CronSim, CronSimError  # noqa: PLC0415

    try:
        CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        reason = str(error)[:1].lower() + str(error)[1:]
        raise refused(value, f"a cron expression ({reason})") from error
    return expression


def time_zone(value: object) -> str:
    """Read the name of a time zone such as Europe/Berlin."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    name = filled_text(value).strip()
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, KeyError) as error:
        raise refused(value, "a time zone such as Europe/Berlin or UTC") from error
