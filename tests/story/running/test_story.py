"""The main job, through the front door."""

from tests.story.harness import Bot


def test_a_mention_is_heard_answered_and_shown_as_answered(bot: Bot) -> None:
    bot.x.world.add_user("maria", "Maria Silva", followers=120)
    post = bot.x.world.post("maria", "@acmebrew it would be nice if I could tag my posts")
    bot.poll()
    card = bot.card("tag my posts")

    modal = bot.ana.press(card, "Reply").view
    submitted = modal.fill("Funny, that's what I'm working on now!").submit()

    assert submitted.closed
    bot.answered(post, "Funny, that's what I'm working on now!")
    reply = bot.x.world.replies_to(post.id)[0]
    assert reply.reply_to == post.id
    bot.shows(card, "@U0ANA", f"/status/{reply.id}", "Answered", "Follow up")
    stats = bot.ben.command("/mentions", "stats 7d")
    assert "*Heard* 1" in str(stats.blocks)
    assert "*Answered* 1" in str(stats.blocks)
