"""Days and moments in words, in UTC: what a reader's own time is no page without a script can know."""

from datetime import UTC, datetime

from markupsafe import Markup

from signet.pages.wording import Wording

_TIME = Markup('<time datetime="{}">{}</time>')


def date(text: Wording, epoch_seconds: int) -> Markup:
    """The day."""
    when = datetime.fromtimestamp(epoch_seconds, UTC)
    return _TIME.format(f"{when:%Y-%m-%d}", _day(text, when))


def moment(text: Wording, epoch_seconds: int) -> Markup:
    """The day and the minute."""
    when = datetime.fromtimestamp(epoch_seconds, UTC)
    words = text("date.moment", day=_day(text, when), time=f"{when:%H:%M}")
    return _TIME.format(f"{when:%Y-%m-%dT%H:%MZ}", words)


def _day(text: Wording, when: datetime) -> Markup:
    month = text.messages["date.months"].split()[when.month - 1]
    if when.day == 1:
        return text("date.first", month=month, year=when.year)
    return text("date.day", day=when.day, month=month, year=when.year)
