"""Which tickets share a card: near-identical posts, one conversation, a spike.

A group is a view: each ticket keeps its own state, outcome and events, and leaves the group for a card of its
own as soon as a teammate acts on it. The card is `models/slack/ticket_group.py`.
"""
