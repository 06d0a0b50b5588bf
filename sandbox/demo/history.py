"""The two weeks before the visitor came: what was said, who answered, how long it took."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sandbox.demo.cast import ANA, BART, BEN, HANA, LUCAS, MARIA, NAN, OKAFOR, PRIYA, SAM, THEO, Customer
from sandbox.x import Media

Ending = Literal["answered", "no reply needed", "not about us", "waiting"]


@dataclass(frozen=True, slots=True)
class Note:
    """What teammates said to each other in a card's thread, so many minutes after the card."""

    by: str
    text: str
    after: float


@dataclass(frozen=True, slots=True)
class Past:
    """One mention and its end. `ago` counts from now, `took` from the post, in minutes."""

    ago: timedelta
    who: Customer
    text: str
    ending: Ending = "waiting"
    by: str = ""
    took: float = 0
    says: str = ""  # the public answer, or the reason for none
    claimed_by: str = ""
    notes: tuple[Note, ...] = ()
    about: str = ""  # the issue that somebody added it to when it was seen to
    media: tuple[Media, ...] = ()
    unsummoned: bool = False  # heard by name, not by handle: X's API takes no answer
    again: str = ""  # what the same person says later, in the same conversation
    again_ago: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Fresh:
    """What somebody says just before the demo starts. `ago` counts from now."""

    ago: timedelta
    who: Customer
    text: str
    media: tuple[Media, ...] = ()
    poll: tuple[str, ...] = ()


MEDIA = "https://pbs.twimg.com/media"  # where X serves pictures from; the page draws its own of that name
TAGS, PHOTOS, EXPORT, FLICKER = (
    "No way to tag posts",
    "Photos load slowly or go missing",
    "Nobody finds the Markdown export",
    "Dark mode flickers white",
)


def _d(days: float, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


PAST = (
    Past(
        _d(13, 6, 11),
        NAN,
        "@fernpress Good morning. I moved my garden diary here and I must say it is very peaceful.",
        "answered",
        ANA,
        6,
        "Good morning Nan, and welcome! We can't wait to see what is in bloom.",
    ),
    Past(
        _d(13, 1, 40),
        THEO,
        "@fernpress is there an RSS feed or do I scrape it like an animal",
        "answered",
        BEN,
        14,
        "There is: add /feed to your address. No scraping, no animals.",
    ),
    Past(
        _d(12, 5, 3),
        OKAFOR,
        "@fernpress MY AUDIO EMBEDS ARE GONE. ALL OF THEM. WHAT DID YOU DO",
        "answered",
        BEN,
        9,
        "We broke embeds at 9:40 and mended them at 10:05. Yours are back: a reload shows them. Sorry, DJ.",
        notes=(Note(BEN, "This was our deploy. I own it.", 2), Note(ANA, "Thanks! I'll tell the others.", 3)),
    ),
    Past(
        _d(12, 2, 30),
        PRIYA,
        "@fernpress Can two pupils write one post together? Asking for 4B, who have opinions.",
        "answered",
        ANA,
        21,
        "Not at the same minute yet, but they can take turns: Post → Hand over. Greetings to 4B!",
    ),
    Past(
        _d(11, 7, 0),
        HANA,
        "@fernpress 日本語のフォントがきれいになった! thank you for the new type 🍜",
        "no reply needed",
        ANA,
        18,
        "thanks",
    ),
    Past(
        _d(11, 0, 48),
        BART,
        "@fernpress lol",
        "no reply needed",
        BEN,
        3,
        "not a question",
    ),
    Past(
        _d(10, 4, 20),
        MARIA,
        "@fernpress I write and write, and cannot sort it. Tags? Folders? A shoebox?",
        "answered",
        ANA,
        11,
        "A shoebox is further along than you'd think. We are talking about tags this month, Maria.",
        about=TAGS,
    ),
    Past(
        _d(10, 1, 5),
        LUCAS,
        "@fernpress les photos se chargent lentement ce matin… 12 s for one picture",
        "answered",
        BEN,
        33,
        "Désolé Lucas! One image server was ill. It is off duty now; under a second again.",
        about=PHOTOS,
    ),
    Past(
        _d(9, 6, 15),
        THEO,
        "@fernpress your export gives me HTML. I asked for Markdown. I asked nicely",
        "answered",
        BEN,
        26,
        "You did. Settings → Export → “Plain files” is Markdown; we will give it a better name.",
        about=EXPORT,
    ),
    Past(
        _d(9, 3, 30),
        SAM,
        "@fernpress which fern is it, on the logo? settling a bet",
        "answered",
        ANA,
        4,
        "Polypodium vulgare, drawn from the one on our windowsill. Who won?",
    ),
    Past(
        _d(8, 2, 44),
        BART,
        "Pressed a real fern in a book today. It's what @fernpress should have stayed.",
        "not about us",
        ANA,
        7,
    ),
    Past(
        _d(7, 6, 10),
        PRIYA,
        "@fernpress Is a class blog private unless I say otherwise? Parents are asking.",
        "answered",
        ANA,
        5,
        "Yes. A class blog starts private, and only you can open it, post by post.",
    ),
    Past(
        _d(6, 23, 30),
        NAN,
        "@fernpress I pressed the wrong thing and my October has gone. Is it in the compost?",
        "answered",
        ANA,
        8,
        "Nothing is composted for 30 days, Nan: Posts → Removed → October → Bring back.",
        notes=(Note(ANA, "Best bug report of the year.", 4),),
    ),
    Past(
        _d(6, 4, 2),
        HANA,
        "@fernpress recipe steps lose their numbers on mobile 🥲 3. comes before 2.",
        "answered",
        BEN,
        41,
        "You are right, and so was step 3: it is mended for new posts, old ones follow tonight.",
    ),
    Past(
        _d(5, 7, 45),
        MARIA,
        "@fernpress is there any news of the tags",
        "answered",
        ANA,
        13,
        "A drawing on a wall, Maria. It has four colours already.",
        about=TAGS,
    ),
    Past(
        _d(5, 3, 12),
        LUCAS,
        "@fernpress can I sell prints from a post or must I link out?",
        "answered",
        BEN,
        52,
        "Link out for now: a button block with your shop's address looks nicest.",
    ),
    Past(
        _d(4, 5, 21),
        THEO,
        "@fernpress API docs say 200, API says 204. One of them should pick",
        "answered",
        BEN,
        12,
        "The docs lost. Corrected, thank you.",
    ),
    Past(
        _d(4, 0, 50),
        OKAFOR,
        "@fernpress CAN I SCHEDULE A POST FOR FRIDAY MIDNIGHT. WHOSE MIDNIGHT IS IT",
        "answered",
        ANA,
        17,
        "Yours! Schedules use your own clock: Settings → Time zone says which one we think it is.",
    ),
    Past(
        _d(3, 9, 0),
        OKAFOR,
        "@fernpress 10 OUT OF 10 SUPPORT. CARRY ON.",
        "no reply needed",
        BEN,
        2,
        "thanks",
    ),
    Past(
        _d(3, 6, 33),
        SAM,
        "@fernpress I lost the bet. It was the other fern.",
        "no reply needed",
        ANA,
        9,
        "other: condolences were sent by post",
    ),
    Past(
        _d(3, 4, 10),
        LUCAS,
        "@fernpress weddings, cats, weddings, cats again. can a visitor see the cats alone?",
        "answered",
        BEN,
        24,
        "Not yet, Lucas: it is one big album today. You and the cats are on our list.",
        about=TAGS,
    ),
    Past(
        _d(3, 1, 15),
        PRIYA,
        "@fernpress Could comments wait for my yes before they show?",
        "answered",
        BEN,
        22,
        "Yes: Comments → “I read them first”. It is on for class blogs.",
    ),
    Past(
        _d(2, 5, 55),
        HANA,
        "@fernpress how do I find my own ramen post again?? 400 recipes, no tags 😵",
        "answered",
        ANA,
        10,
        "Search finds words in posts: try “ramen”. Tags are what we really owe you, and we know it.",
        notes=(
            Note(BEN, "That's the fourth one about tags this month.", 5),
            Note(ANA, "Counting! I'm putting it on Monday's list.", 6),
        ),
        about=TAGS,
    ),
    Past(
        _d(2, 2, 8),
        NAN,
        "@fernpress A gentleman named Ben helped me on Tuesday. Kindly tell him the dahlias are up.",
        "answered",
        BEN,
        3,
        "He has been told, and he is delighted about the dahlias.",
    ),
    Past(
        _d(1, 6, 40),
        LUCAS,
        "@fernpress 2 GB of photos, one zip, “unknown error”. merci.",
        "answered",
        BEN,
        38,
        "The limit was 1 GB and the message was rude. Both are better now: please try again.",
    ),
    Past(
        _d(1, 3, 18),
        MARIA,
        "@fernpress my readers want to follow only the poems, not my grocery thoughts",
        "answered",
        ANA,
        7,
        "They have taste. Two blogs under one name would do it today; tags will do it better.",
        again="two blogs it is, for now. How do I move the poems without losing comments?",
        again_ago=timedelta(minutes=24),
        about=TAGS,
    ),
    Past(
        _d(1, 0, 25),
        THEO,
        "@fernpress dark mode flickers white between pages. my eyes have filed a ticket",
        "answered",
        BEN,
        19,
        "Found: the theme came a moment after the page. Fixed in this morning's release.",
        about=FLICKER,
    ),
    # --- today -----------------------------------------------------------------------------------------
    Past(
        _d(0, 5, 10),
        PRIYA,
        "@fernpress 4B says thank you for the comments thing. There is a drawing of all of you.",
        "no reply needed",
        ANA,
        12,
        "thanks",
        media=(Media(f"{MEDIA}/class-4b.jpg", alt="Three people with very long arms, waving on a hill"),),
    ),
    Past(
        _d(0, 3, 22),
        OKAFOR,
        "@fernpress FRIDAY MIDNIGHT WORKED. MY MIDNIGHT. RESPECT.",
        "answered",
        BEN,
        6,
        "We heard it from here. Great set!",
    ),
    Past(
        _d(0, 0, 58),
        HANA,
        "@fernpress photos in drafts vanish when I switch from phone to laptop. is it me or is it you? 🥲",
        claimed_by=BEN,
        notes=(Note(BEN, "I can reproduce it. Looking for when it began.", 6),),
        about=PHOTOS,
    ),
    Past(
        _d(0, 0, 41),
        SAM,
        "Tried Fernpress for my book blog. Lovely, but with 200 reviews and no tags I can't find a thing.",
        unsummoned=True,
    ),
    Past(
        _d(0, 0, 13),
        BART,
        "@fernpress <!channel> *URGENT* <https://evil.example/login|Fernpress support> "
        "<script>alert('hi')</script> <img src=x onerror=alert(1)> your password expired :rotating_light:",
    ),
)

# What teammates noted about somebody, for the team's eyes alone, so long ago.
REMARKS = (
    (_d(2, 23), BEN, OKAFOR, "Capitals are how he writes. He is in a good mood."),
    (_d(5, 7), ANA, MARIA, "Writes a newspaper column about blogs, and quotes us. First names only, please."),
)

# What was mended meanwhile, by whom, so long ago: an answer after that told whoever had reported it.
MENDED = ((_d(1, 0, 10), BEN, FLICKER),)

# Said just before the demo starts, and not in the ledger: the bot finds them at its first look.
FRESH = (
    Fresh(
        timedelta(seconds=95),
        NAN,
        "@fernpress How do I put a picture beside the words and not under them? As on my first page, "
        "https://nans-garden.example/roses-in-june?lang=en",
        media=(Media(f"{MEDIA}/roses.jpg", alt="A rose on the left, four lines of text on the right"),),
    ),
    Fresh(
        timedelta(seconds=55),
        LUCAS,
        "@fernpress settle this for us, please: which should a photo blog open with?",
        poll=("The newest photo", "The best photo", "No photo at all"),
    ),
    Fresh(timedelta(seconds=15), MARIA, "@fernpress it would be more useful if it could tag posts"),
)
