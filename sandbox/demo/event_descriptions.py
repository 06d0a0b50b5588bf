"""A title and a sentence for each kind of act in the bot's database, for visitors of the page."""

ACTS = {
    "mention": ("Heard", "Found on the network and stored, with a ticket to answer it."),
    "claim": ("Claimed", "Everyone sees who is working on it."),
    "take over": ("Taken over", "The owner has changed; both are named."),
    "release": ("Released", "Unassigned again."),
    "assign": ("Assigned", "Assigned to a teammate, who is notified."),
    "claim expired": ("Claim expired", "Its owner did nothing for too long: unassigned again."),
    "compose": ("Writing", "Everyone sees who has the composer open."),
    "take over composing": ("Writing taken over", "Someone else is writing now; both can still try to send."),
    "sent anyway": ("Sent anyway", "Nearly the same as an earlier reply; its author was warned."),
    "delete asked": ("Deletion requested", "The network is asked to delete our reply."),
    "draft discarded": ("Draft discarded", "Its author discarded the text."),
    "reply submitted": ("Reply submitted", "Stored before the dialog closed. Undo can still stop it."),
    "reply held": ("Held", "The undo window is open."),
    "reply queued": ("Ready to send", "The undo window is over."),
    "reply sending": ("Sending", "Stored as being sent before any connection opens."),
    "reply published": ("Published", "The network accepted it and returned its address."),
    "reply unsure": (
        "Unsure",
        "No answer came. It may be public: Heard checks and never resends it automatically.",
    ),
    "reply asked": ("The team is asked", "Heard could not find it. A person decides."),
    "reply refused": ("Refused", "The network refused it. The text goes back to its author."),
    "reply handed off": ("Handed off", "The network's API does not accept it. A person posts it by hand."),
    "reply confirmed": ("Confirmed", "Posted by hand."),
    "seen on the network": ("Seen on the network", "Heard found it in the brand's own timeline."),
    "I posted it": ("Confirmed by hand", "A teammate said that they posted it."),
    "I did not post it": ("Not posted", "The text comes back; the ticket is still waiting."),
    "undo": ("Undone", "Nothing was published. The text is kept."),
    "sent once more": (
        "Sent once more",
        "Not found on the network: the same text under the same key, which cannot be public twice.",
    ),
    "send again": ("Sent again", "A person decided so, after one more check."),
    "discard": ("Discarded", "A person decided so."),
    "it is there": ("Confirmed by hand", "A person saw it on the network."),
    "follow up": ("Follow-up started", "A second reply from us, with its own undo window."),
    "reopen": ("Reopened", "Waiting for a reply again."),
    "answered": ("Answered", "By our account, outside Heard."),
    "answered outside": ("Stopped", "Our account had already answered by hand."),
    "no reply needed": ("No reply needed", "Closed with a reason. If they post again, it comes back."),
    "not about us": ("Not about us", "It only looked like a mention."),
    "grouped": (
        "On a shared card",
        "Many write about the same: one card shows them all. It stays a ticket.",
    ),
    "own card": (
        "A card of its own",
        "Somebody acted on it, or its author posted again: it left the shared card.",
    ),
    "close undone": ("Waiting again", "Close all was undone on the shared card."),
    "private channel": (
        "Private channel",
        "Not everybody can see the post, so its card is in a private channel.",
    ),
    "private channel lost": (
        "Private channel lost",
        "Its text was removed from that channel. It waits for another private one.",
    ),
    "muted": ("Muted", "Somebody muted its conversation, its author or its words: it has no card."),
    "post not shown": (
        "Not shown",
        "Protected, suspended, deleted or delayed: nobody can tell. Heard checks again.",
    ),
    "post shown again": ("Shown again", "The network shows it again, with its text."),
    "post blanked": (
        "Text removed",
        "Not shown for nearly a day: its text is gone from the database and from Slack.",
    ),
    "post no longer shown": ("Stopped", "The network no longer shows the post that it answers."),
    "unmuted": ("Waiting", "Its post has changed, and no mute covers it any more."),
    "waits again": ("Waiting again", "It was closed because its post was not shown. Now it is."),
    "post edited": ("Post edited", "The card shows the new text and says so."),
    "snooze": ("Snoozed", "It comes back by itself."),
    "snooze ended": ("Back from snooze", "Waiting for a reply again."),
    "kept private": ("Kept private", "The preview was closed. Nothing was published."),
    "draft edited": ("Draft edited", "The edited text replaced it."),
    "add to issue": ("Added to an issue", "Once the issue is fixed, they are told."),
    "report again": (
        "Reported again",
        "Reported again after it was fixed. The person who fixed it is notified.",
    ),
    "remove from issue": ("Removed from an issue", "It was about something else."),
    "told": ("Told that it is fixed", "By a reply that went out after the fix."),
    "not told after all": ("Not told after all", "That reply is no longer public."),
    "skip telling": ("Skipped", "Someone gave a reason why they need not be told."),
    "breach": ("Late", "No reply within the target. The channel is notified once."),
    "delete public reply": ("Reply deleted", "No longer public; the ticket is waiting again."),
}

# Acts on a reply → the state that they lead to, where the name of the act does not say it.
LEADS_TO = {
    "reply submitted": "held",
    "undo": "cancelled",
    "discard": "cancelled",
    "I did not post it": "cancelled",
    "answered outside": "cancelled",
    "post no longer shown": "cancelled",
    "I posted it": "confirmed",
    "seen on the network": "confirmed",
    "it is there": "published",
    "send again": "queued",
    "kept private": "discarded",
    "draft edited": "discarded",
    "delete public reply": "withdrawn",
}


def describe(act: str) -> tuple[str, str]:
    """Return the title and sentence of an act; an unknown act gets its own name and no sentence."""
    return ACTS.get(act, (act.removeprefix("reply ").capitalize(), ""))
