"""What happens around the team: trouble, the customers, our own people on the networks, and Slack's channels."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.networks.errors import Later, Refused, Unsure
from models import Reply, Ticket
from models.tickets.delivery_state import PENDING_STATES, DeliveryState
from sandbox.slack.people.person import Person
from tests.simulation.networks import BlueskyLike, MastodonLike, TeamNetwork
from tests.simulation.team_base import TeamBase
from tests.simulation.workplace import LET_IN, PRIVATE, SENDERS

STALE = timedelta(minutes=5)
TROUBLES = (
    ("publish", Unsure("no answer"), True),
    *[("publish", Unsure("no answer"), False)] * 6,
    ("publish", Later(None, "unreachable", "no connection"), False),
    ("publish", Refused("not summoned", "They did not call us."), False),
    ("publish", Refused("too long", "That is too long."), False),
    ("freeze", Refused("invalid", "Not like this."), False),
    ("repeat", Unsure("no answer"), False),
    ("find_reply", Later(None, "unreachable", "no connection"), False),
    ("refresh", Later(None, "unreachable", "no connection"), False),
    ("delete", Unsure("no answer"), True),
    ("delete", Refused("not ours", "Somebody else said that."), False),
)


class OutsideActs(TeamBase):
    """Everything that the bot has to live with."""

    # --- trouble ------------------------------------------------------------------------------------------

    def _replay(self, _who: Person) -> bool:
        """Some earlier request arrives once more."""
        # An older one is not let in: https://docs.slack.dev/authentication/verifying-requests-from-slack
        fresh = [one for at, one in self.sent if self.here.clock.now - at < STALE]
        if not fresh:
            return False
        outcome = self.rng.choice(fresh)
        self.note("a request arrives again")
        before = self.witness.ledger()
        self.witness.took(outcome.replay(), "a replay")
        self.here.settle()
        self.witness.is_unmoved(before, outcome)
        return True

    def _change_senders(self, _who: Person) -> None:
        """Somebody loses the right to send, or gets it again."""
        with self.here.ctx.db.read() as session:
            waiting = list(session.scalars(select(Reply.actor).where(Reply.state.in_(PENDING_STATES))))
        user = self.rng.choice(waiting or LET_IN)
        senders = self.here.world.usergroups[SENDERS]
        if user in senders:
            senders.remove(user)
        else:
            senders.append(user)
        self.note(f"{user} {'may send again' if user in senders else 'may not send any more'}")
        self.witness.may_send(user, user in senders)

    def _barge(self, _who: Person) -> bool:
        """Hasty code submits without any look at whether the turn is free: the index must refuse."""
        at = self.here.clock.now
        try:
            with self.here.ctx.db.write() as session:
                ids = session.scalars(select(Ticket.id).order_by(Ticket.id)).all()
                ticket = Ticket.lock(session, self.rng.choice(ids))
                if ticket.live_reply(session) is None:
                    return False
                words = self._fresh("hasty")
                draft = ticket.draft(session, text=words, by="U0BEN", at=at, key=words, source="hasty")
                draft.move(session, DeliveryState.HELD, at=at, by="U0BEN", due_at=at)
        except IntegrityError:
            self.note("hasty code is refused")
        return True

    def _connect(self, _who: Person) -> None:
        """Somebody connects another account of some network, or the right one again."""
        self._swap(self._waiting_net())

    def _swap(self, net: TeamNetwork) -> None:
        handle = net.handle if net.account().handle != net.handle else net.other
        self.note(f"@{handle} is connected")
        net.speaks_as(handle)

    def _network_trouble(self, _who: Person) -> None:
        call, error, landed = self.rng.choice(TROUBLES)
        net = self._waiting_net()
        self.note(f"{net.title}: {type(error).__name__} at the next {call}")
        net.fails(call, error, landed=landed)  # type: ignore[arg-type]

    def _wait_for_network(self, _who: Person) -> None:
        """A few seconds pass in which nobody does anything, and what is on its way moves."""
        for seconds in (11.0, self.rng.choice((3.0, 11.0, 70.0))):
            self.here.clock.passes(seconds)
            self.here.loop("outbox")

    def _waiting_net(self) -> TeamNetwork:
        """A network on which a reply is on its way, if there is one."""
        with self.here.ctx.db.read() as session:
            query = select(Ticket.network).join(Reply, Reply.ticket_id == Ticket.id)
            waiting = sorted(session.scalars(query.where(Reply.state.in_(PENDING_STATES))))
        return self.here.net_of[self.rng.choice(waiting)] if waiting else self._net()

    def _net(self) -> TeamNetwork:
        return self.rng.choice(self.here.nets)

    # --- Slack's channels ---------------------------------------------------------------------------------

    def _change_channel(self, _who: Person) -> None:
        """The private channel is made public, archived, or private again."""
        channel = self.here.world.channel(PRIVATE)
        is_usual = channel.is_private and not channel.is_archived
        is_private = not is_usual or self.rng.random() < 0.4

        def change() -> None:
            channel.is_private, channel.is_archived = is_private, is_usual and is_private

        self.witness.channels_change(change)
        state = "archived" if channel.is_archived else "private" if channel.is_private else "public"
        self.note(f"#{channel.name} is {state}")

    def _change_members(self, who: Person) -> None:
        """Somebody joins the private channel, or leaves it."""
        members = self.here.world.channel(PRIVATE).members
        change = members.remove if who.id in members else members.add
        self.witness.channels_change(lambda: change(who.id))
        self.note(f"{who.user.name} {'joins' if who.id in members else 'leaves'} the private channel")

    # --- the customers, and our own people on the networks ------------------------------------------------

    def _customer_posts(self, _who: Person) -> None:
        net = self._net()
        there = [one for one in self.posts[net.name] if net.is_public(one)]
        ours = [one.post.id for one in net.said if net.is_public(one.post.id)]
        under = self.rng.choice([*there, *ours, None])
        self.customer_says(net, under)

    def customer_says(self, net: TeamNetwork, under: str | None = None) -> None:
        """Let the customer of a network post, perhaps in answer, to whom they please."""
        visibility = self.rng.choice(net.visibilities)
        has_warning = isinstance(net, MastodonLike) and self.rng.random() < 0.3
        warning = self._fresh("warning") if has_warning else None
        words = self._fresh("asks")
        self.note(f"{net.customer} posts {visibility} on {net.title}")
        post = net.says(
            net.customer,
            f"{net.call} {words}",
            under=under,
            visibility=visibility,  # type: ignore[arg-type]
            content_warning=warning,
        )
        if visibility in {"followers", "direct"}:
            for secret in filter(None, (words, warning)):
                self.witness.customer_whispers(secret, net, post.id)
        self.posts[net.name].append(post.id)

    def _customer_edits(self, _who: Person) -> bool:
        found = self._customer_post()
        if found is None:
            return False
        net, post_id = found
        self.note("the customer edits")
        words = self._fresh("edited")
        if net.post_of(post_id).visibility in {"followers", "direct"}:
            self.witness.customer_whispers(words, net, post_id)
        net.edits(post_id, f"{net.call} {words}")
        return True

    def _customer_warns(self, _who: Person) -> bool:
        """Put another content warning on a post, or take it off."""
        found = self._customer_post()
        if found is None or not isinstance(found[0], MastodonLike):
            return False
        net, post_id = found
        self.note("the customer changes the content warning")
        warning = self._fresh("warning") if self.rng.random() < 0.6 else None
        if warning and net.post_of(post_id).visibility in {"followers", "direct"}:
            self.witness.customer_whispers(warning, net, post_id)
        net.changes(post_id, content_warning=warning)
        return True

    def _customer_gates(self, _who: Person) -> bool:
        """Close a thread to replies, or open it again."""
        found = self._customer_post()
        if found is None or not isinstance(found[0], BlueskyLike):
            return False
        net, post_id = found
        closed = net.post_of(post_id).no_reply_because
        self.note(f"the customer {'opens' if closed else 'closes'} the thread")
        net.changes(post_id, no_reply_because=None if closed else "Its author does not let us reply.")
        return True

    def _customer_deletes(self, _who: Person) -> bool:
        found = self._customer_post()
        if found is None:
            return False
        self.note("the customer deletes")
        found[0].deletes(found[1])
        return True

    def _customer_post(self) -> tuple[TeamNetwork, str] | None:
        net = self._net()
        there = [one for one in self.posts[net.name] if net.is_public(one)]
        return (net, self.rng.choice(there)) if there else None

    def _customer_hides(self, _who: Person) -> bool:
        """Behind a lock, say: one post or all that there are."""
        net = self._net()
        shown = [one for one in self.posts[net.name] if net.is_shown(one)]
        if not shown:
            return False
        hidden = shown if self.rng.random() < 0.6 else [self.rng.choice(shown)]
        self.note(f"{len(hidden)} of the customer's posts are not shown any more")
        for one in hidden:
            net.hides(one)
            self.unsettled_posts.add((net.name, one))
        return True

    def _customer_is_back(self, _who: Person) -> bool:
        net = self._net()
        hidden = [one for one in self.posts[net.name] if net.is_public(one) and not net.is_shown(one)]
        if not hidden:
            return False
        self.note("the customer's posts are shown again")
        for one in hidden:
            net.shows(one)
        return True

    def _by_hand(self, _who: Person) -> bool:
        """Somebody of ours answers on the network itself: perhaps what was handed to them."""
        found = self._customer_post()
        if found is None:
            return False
        net, post_id = found
        self.note("somebody posts by hand")
        with self.here.ctx.db.read() as session:
            handed_off = select(Reply.text).join(Ticket, Ticket.id == Reply.ticket_id)
            handed_off = handed_off.where(Reply.state == DeliveryState.HANDED_OFF, Ticket.network == net.name)
            given = list(session.scalars(handed_off))
        to = net.post_of(post_id)
        words = self.rng.choice([*given, self._fresh("by hand")])
        net.says(net.handle, words, under=post_id, visibility=to.visibility)
        return True
