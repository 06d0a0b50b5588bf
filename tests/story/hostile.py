"""Everything that a customer may write to fool, flood or break us."""

RIGHT_TO_LEFT = "\u202egnp.exe\u202c \u2067\u05e9\u05dc\u05d5\u05dd\u2069 \u200f"
ZERO_WIDTH = "a\u200bb\u200c\u200d\u2060\ufeff"

TEXTS = {
    "channel": "@acmebrew <!channel> <!here> <!everyone> <!subteam^S1|@bar>",
    "user": "@acmebrew <@U0ANA> <#C0MENTIONS> <@U0BEN|ben>",
    "link": "@acmebrew <https://evil.example|Approved> <mailto:a@b.example|us>",
    "entities": "@acmebrew &lt;!here&gt; &amp;lt;!channel&amp;gt; a &amp; b",
    "names": "@acmebrew @channel @here @everyone #mentions @ana",
    "markup": "@acmebrew *bold* _italic_ ~strike~ `code` ```pre``` > quote\n> quote\n• list\n1. one",
    "dates": "@acmebrew <!date^0^{date}|soon> <!date^1^{date}^https://evil.example|x>",
    "emoji": "@acmebrew :white_check_mark: :beer: 🍺👨‍👩‍👧‍👦🇵🇹",
    "direction": "@acmebrew " + RIGHT_TO_LEFT,
    "zero width": "@acmebrew " + ZERO_WIDTH,
    "long": "@acmebrew " + "x" * 24_990,
    "long and escaped": "@acmebrew " + "<&>" * 8_000,
    "long line of flags": "@acmebrew " + "🇵🇹" * 6_000,
    "stacked accents": "@acmebrew e" + "\u0301" * 3_000,
    "lines": "@acmebrew" + "\n" * 3_000 + "end",
    "controls": "@acmebrew \x01\x07\x1b[31m \x7f",
    "placeholders": "@acmebrew %s {0} {name} $HOME ${x} \\n \\u0000",
    "quotes": "@acmebrew '; DROP TABLE tickets; -- \"",
    "json": '@acmebrew {"type":"section"} ]}',
}

NAMES = {
    "emoji": ":tada: :no_entry: 🍺",
    "channel": "<!channel> @here",
    "link": "<https://evil.example|Heard>",
    "direction": RIGHT_TO_LEFT,
    "nothing to see": "\u200b\u2060",
    "empty": "",
    "long": "W" * 500,
    "stacked accents": "Z" + "\u0301" * 600,
    "lines": "a\nb\r\nc",
    "markup": "*Heard* _bot_ `x`",
}
