"""What is still to be said: new customers who speak up, and the team's small talk."""

from sandbox.demo.cast import ANA, BEN, Customer

COMING = (
    (Customer("juno_draws", "Juno", 233), "@fernpress can a post have a cover drawing instead of a photo?"),
    (
        Customer("petrov_on_chess", "A. Petrov", 3_410),
        "@fernpress My diagrams are 8x8. Your image crop is 16:9. You see the problem.",
    ),
    (
        Customer("two_wheels_ida", "Ida cycles", 880),
        "@fernpress wrote the whole Alps trip on a train without signal and it was ALL still there. hugs!",
    ),
    (
        Customer("quietlibrarian", "Wren", 145),
        "@fernpress is there a way to group posts by subject? Asking as somebody who owns a label maker.",
    ),
    (
        Customer("kofi_builds", "Kofi Mensah", 1_220),
        "@fernpress custom domain says “certificate pending” since yesterday. normal?",
    ),
    (
        Customer("lea_parle", "Léa", 57),
        "@fernpress bonjour! est-ce qu'on peut écrire de droite à gauche pour ma grand-mère? مرحبا يا جدتي",
    ),
    (
        Customer("notaparrot", "Definitely Not A Parrot", 9),
        "@fernpress hello hello hello hello hello",
    ),
    (
        Customer("hermine_hikes", "Hermine", 640),
        "@fernpress cancelled my plan and was charged again today. please look, I'd rather not be cross",
    ),
    (
        Customer("old_school_ed", "Ed", 402),
        "@fernpress back in my day a blog had categories and we were GRATEFUL",
    ),
    (
        Customer("tomasz_pisze", "Tomasz Żółw", 71),
        "@fernpress gęślą jaźń shows as g??l? ja?? in the e-mail digest. rest is fine",
    ),
)

SMALL_TALK = (
    ("general", ANA, "Morning! Coffee machine is descaled, be gentle with it.", 290),
    ("general", BEN, "It thanked me by name. I think it's haunted.", 287),
    ("general", ANA, "Good. Somebody should watch the office at night.", 286),
    ("product", BEN, "Tags: drafted the data model. Four tables became one.", 205),
    ("product", ANA, "People keep asking for tags. `/mentions issues` says how many there are.", 171),
)

IDEAS = (
    "@fernpress love it. one question: where is the undo button?",
    "@fernpress my post from last night is gone, please help",
    "@fernpress it would be more useful if it could tag posts",
)

COMMANDS = (
    ("/mentions open", "who still waits, the longest first"),
    ("/mentions mine", "which of them are yours"),
    ("/mentions stats 7d", "heard, answered, how fast, by whom"),
    ("/mentions stats 30d", "the same for 30 days"),
    ("/mentions search tags", "what was said with these words"),
    ("/mentions search @maria_writes", "what we know of a person"),
    ("/mentions issues", "what people suffer from, and how much"),
    ("/mentions issues fixed", "who is still to be told"),
    ("/mentions export tickets", "a file for you alone"),
    ("/mentions me", "your public name, and how you sign"),
    ("/mentions pause", "no reply leaves any more"),
    ("/mentions resume", "replies may leave again"),
    ("/mentions doctor", "what is wrong with the set-up"),
    ("/mentions help", "what else it can do"),
)
