"""Words that are in so many posts that a track of one of them finds everything. Folded."""

from models.tracks.post_text import read_words

# The commonest words of the languages most written on the networks, what addresses are made of, and the
# commonest emoji (https://home.unicode.org/emoji/emoji-frequency/).
COMMON_WORDS = frozenset(
    read_words(
        "the and that have for not with you this but his from they say her she will one all would "
        "there their what  out about who get which when make can like time just him know take "
        "people into year your good some could  them see other than then now look only come its "
        "over think also back after use two how our work first well  way even new want because any "
        "these give day most are was were been has had did does don't more here very  http https "
        "www com org net html rt via  der die das und ist nicht ein eine mit von auch auf sich des "
        "dem den ich sie wir aus bei nach wie noch nur  les des une est pas pour que qui dans sur "
        "avec son mais nous vous par plus tout  los las una que por con para del como pero sus mas "
        "este esta muy  nao uma com dos das mais foi isso che non per sono una del della het een "
        "van niet dat voor met  что это как так она они было нет для или есть при  bir icin ama cok "
        "var daha gibi في من على ان لا هذا ما مع है के में की को से का और 😂 ❤ 🤣 👍 😭 "
        "🙏 😘 🥰 😍 😊 🎉 "
        "😁 💕 🥺 😅 🔥 ☺ 🤦 ♥ 🤷 🙄 😆 🤗 😉 🎂 🤔 👏 🙂 😳 🥳 😎 👌 💜 😔 💪 "
        "✨ 💖 👀 💯 🙈 "
    ).words
)
