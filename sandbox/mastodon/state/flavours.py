"""The servers that speak Mastodon's API, and in what they differ.

Tried in November 2026 on GoToSocial 0.20 and Hollo 0.6.10, unless a line says otherwise; Mastodon by its
documentation (https://docs.joinmastodon.org) and source.
"""

from dataclasses import dataclass
from typing import Literal

IdKind = Literal["digits", "ulid", "uuid"]
Idempotency = Literal["first status", "500 although posted", "until deleted", "ignored"]
"""What a repeat with the same key within an hour does.

`first status`: it answers with the first status, 404 if that was deleted (Mastodon). `500 although posted`:
the first status stays the only one, but the answer is a 500 (https://github.com/mastodon/mastodon/issues/40399).
`until deleted`: as the first, but after a deletion it posts anew (Hollo). `ignored`: a second status.
"""


@dataclass(frozen=True, slots=True)
class Flavour:
    """A kind of server.

    `counts` is how the text is counted; None: no length is checked. `searches` says whose posts a search for
    words finds: `opted in` (and one's own library), `local`, or none. `default_visibility` is that of a post
    that names none; None: the account's own default.
    """

    name: str
    version: str
    source_url: str
    ids: IdKind
    max_characters: int
    characters_per_url: int
    counts: Literal["graphemes", "code points"] | None
    searches: Literal["opted in", "local"] | None
    idempotency: Idempotency
    api_version: int | None = None
    honours_min_id: bool = True
    has_batch: bool = True
    has_v2_instance: bool = True
    checks_allowed_mentions: bool = False
    tells_consent: bool = False
    default_visibility: str | None = None
    invalid_status: int = 422
    knows_types: bool = True
    has_event_streams: bool = (
        False  # GoToSocial and Pleroma have WebSockets alone, Hollo and Pixelfed nothing
    )
    has_websockets: bool = False


MASTODON = Flavour(
    name="mastodon",
    version="4.6.2",
    source_url="https://github.com/mastodon/mastodon",
    ids="digits",
    max_characters=500,
    characters_per_url=23,
    counts="graphemes",
    searches="opted in",
    idempotency="first status",
    api_version=10,
    checks_allowed_mentions=True,
    tells_consent=True,
    has_event_streams=True,
    has_websockets=True,
)
GOTOSOCIAL = Flavour(
    name="gotosocial",
    version="0.20.0+git-9d2a1b1",
    source_url="https://codeberg.org/superseriousbusiness/gotosocial",
    ids="ulid",
    max_characters=5000,
    characters_per_url=25,  # announced, and not applied
    counts="code points",
    searches=None,
    idempotency="ignored",
    has_batch=False,
    default_visibility="unlisted",
    invalid_status=400,
    has_websockets=True,
)
HOLLO = Flavour(
    name="hollo",
    version="0.6.10",
    source_url="https://github.com/fedify-dev/hollo",
    ids="uuid",
    max_characters=10_000,
    characters_per_url=256,
    counts=None,
    searches="local",
    idempotency="until deleted",
    honours_min_id=False,
    default_visibility="public",
)
AKKOMA = Flavour(  # read in the source: a cache of 2,500 keys; a restart is assumed to forget them
    name="akkoma",
    version="2.7.2 (compatible; Akkoma 3.15.2)",
    source_url="https://akkoma.dev/AkkomaGang/akkoma",
    ids="ulid",
    max_characters=5000,
    characters_per_url=0,
    counts="code points",
    searches="local",
    idempotency="first status",
    has_batch=False,
    has_v2_instance=False,
    has_websockets=True,
)
PIXELFED = Flavour(  # https://github.com/pixelfed/pixelfed/issues/3581
    name="pixelfed",
    version="3.5.3 (compatible; Pixelfed 0.12.5)",
    source_url="https://github.com/pixelfed/pixelfed",
    ids="digits",
    max_characters=500,
    characters_per_url=23,
    counts="code points",
    searches=None,
    idempotency="ignored",
    has_batch=False,
    knows_types=False,
)

FLAVOURS = {one.name: one for one in (MASTODON, GOTOSOCIAL, HOLLO, AKKOMA, PIXELFED)}
