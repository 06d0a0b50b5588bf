"""What each act in the ledger means, for somebody who sees one for the first time."""

ACTS = {
    "mention": ("Heard", "Found on the network and written down, with a ticket to answer it."),
    "claim": ("Claimed", "Everybody sees who has it."),
    "take over": ("Taken over", "Its owner changed, and both were named."),
    "release": ("Released", "Back in the queue for anybody."),
    "assign": ("Assigned", "Given to a teammate, who is told."),
    "claim expired": ("Claim expired", "Its owner was quiet for too long: back in the queue."),
    "compose": ("Writing", "Everybody sees who has the composer open."),
    "take over composing": ("Writing taken over", "Somebody else writes now; both may still try to send."),
    "sent anyway": ("Sent anyway", "Nearly the same as an earlier reply, and its author knew."),
    "delete asked": ("Deletion asked for", "The network is asked to delete our reply."),
    "draft discarded": ("Draft discarded", "Its author let go of the words."),
    "reply submitted": ("Reply submitted", "In the ledger before the dialog closed. Undo still stops it."),
    "reply held": ("Held", "The undo window is open."),
    "reply queued": ("Ready to send", "The undo window is over."),
    "reply sending": ("Sending", "The intent is on disk before any connection opens."),
    "reply published": ("Published", "The network took it and said where it is."),
    "reply unsure": (
        "Unsure",
        "No answer came. It may be public: Heard looks and never sends it again by itself.",
    ),
    "reply asked": ("The team is asked", "Every look was in vain. A person decides."),
    "reply refused": ("Refused", "A definite no. The words go back to their author."),
    "reply handed off": ("Handed off", "The network's API does not take it. A person posts it by hand."),
    "reply confirmed": ("Confirmed", "Posted by hand."),
    "seen on the network": ("Seen on the network", "Heard found it in the brand's own timeline."),
    "I posted it": ("Confirmed by hand", "A teammate said that they posted it."),
    "I did not post it": ("Not posted", "The words come back, the ticket waits on."),
    "undo": ("Undone", "Nothing was published. The words are kept."),
    "send again": ("Sent again", "By a person's decision, after one more look."),
    "discard": ("Discarded", "By a person's decision."),
    "it is there": ("Settled by hand", "A person saw it on the network."),
    "follow up": ("Follow-up begun", "A second answer from us, as a turn of its own."),
    "reopen": ("Reopened", "It waits again."),
    "answered": ("Answered", "By our account, outside Heard."),
    "answered outside": ("Stopped", "Our account had answered by hand."),
    "no reply needed": ("No reply needed", "Closed with a reason. If they write again, it comes back."),
    "not about us": ("Not about us", "It only looked like a mention."),
    "post deleted": ("Post deleted", "Its author took it back. The words went from the ledger, too."),
    "post edited": ("Post edited", "The card shows the new words and says so."),
    "snooze": ("Snoozed", "It comes back by itself."),
    "snooze ended": ("Back from snooze", "It waits again."),
    "kept private": ("Kept private", "The preview was dropped. Nothing was published."),
    "draft edited": ("Draft edited", "The edited words took its place."),
    "delete public reply": ("Reply deleted", "It is no longer public; the ticket waits again."),
}

# Acts that move a reply, where they are not named after the state that they lead to.
LEADS_TO = {
    "reply submitted": "held",
    "undo": "cancelled",
    "discard": "cancelled",
    "I did not post it": "cancelled",
    "answered outside": "cancelled",
    "post deleted": "cancelled",
    "I posted it": "confirmed",
    "seen on the network": "confirmed",
    "it is there": "published",
    "send again": "queued",
    "kept private": "discarded",
    "draft edited": "discarded",
    "delete public reply": "withdrawn",
}


def explained(act: str) -> tuple[str, str]:
    """A title and a sentence; an act that this list does not know speaks for itself."""
    return ACTS.get(act, (act.removeprefix("reply ").capitalize(), ""))
