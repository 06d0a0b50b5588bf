"""The cues: what a post may be about, and the words that say so. Pure data.

A phrase is looked for as `models.tracks` does it: case, accents and width do not count, words are whole. Only
words that rarely mean something else are here, so most cues are short on languages other than English.
Nothing here understands a sentence: "not broken" has the word "broken". docs/reference/priority.md lists
them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """A name that people understand, its points unless a channel has its own, and the phrases of the cue.

    A post with one of the phrases `unless` does not have the cue.
    """

    name: str
    points: int
    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()


def _cue(name: str, points: int, phrases: str, unless: str = "") -> Cue:
    """Reads phrases that are separated by bars; lines are one per language."""
    return Cue(name, points, _split(phrases), _split(unless))


def _split(phrases: str) -> tuple[str, ...]:
    return tuple(one for phrase in phrases.split("|") if (one := " ".join(phrase.split())))


CUES = (
    _cue(
        "security",
        30,
        """security hole|security issue|security flaw|security bug|vulnerability|vulnerabilities|hacked|
        data breach|phishing|zero day|account takeover|exploit|
        Sicherheitslücke|Sicherheitsproblem|gehackt|hackeado|hackeada|fallo de seguridad|
        faille de sécurité|piraté|piratée|conta invadida|falha de segurança|脆弱性|乗っ取られ|ハッキング""",
        unless="life hacked|growth hacked",
    ),
    _cue(
        "data loss",
        30,
        """data loss|lost my data|lost all my|lost everything|lost my work|deleted my|wiped my|
        all my data is gone|all my files are gone|everything is gone|
        Datenverlust|Daten verloren|alles weg|perdí mis datos|perdí todo|perdu mes données|tout perdu|
        perdi tudo|perdi meus dados|データが消え|消えてしまった""",
    ),
    _cue(
        "danger",
        30,
        """caught fire|on fire and|electric shock|got hurt|was injured|injured me|burned my|burnt my|
        unsafe|hazard|allergic reaction|recall|
        gefährlich|Feuer gefangen|peligroso|se incendió|dangereux|a pris feu|perigoso|pegou fogo|発火|危険""",
        unless="i recall|as i recall|recall that|if i recall",
    ),
    _cue(
        "legal",
        25,
        """lawyer|lawyers|attorney|lawsuit|sue you|suing you|legal action|small claims|gdpr|dsgvo|
        consumer protection|chargeback|
        Anwalt|Rechtsanwalt|Verbraucherschutz|abogado|abogada|demanda judicial|tribunal|
        procès|plainte|advogado|advogada|procon|弁護士|訴訟|消費者センター""",
    ),
    _cue(
        "scam",
        20,
        """scam|scammed|scammers|fraud|ripoff|rip off|ripped off|stole my money|
        Betrug|Betrüger|Abzocke|estafa|estafadores|arnaque|arnaqueurs|fraude|é golpe|caí no golpe|詐欺""",
    ),
    _cue(
        "privacy",
        20,
        """privacy|personal data|delete my account|delete my data|sold my data|leaked my|tracking me|
        Datenschutz|Konto löschen|datos personales|privacidad|données personnelles|vie privée|
        dados pessoais|privacidade|個人情報|プライバシー""",
    ),
    _cue(
        "outage",
        25,
        """outage|is down|are down|went down|site down|app down|server down|servers down|is it down|
        is offline|not loading|won't load|doesn't load|can't connect|cant connect|wont load|cannot connect|
        ausgefallen|Störung|nicht erreichbar|está caído|está caída|se cayó|en panne|fora do ar|
        障害|サーバーダウン|繋がらない|つながらない""",
        unless="is down to|are down to|is down with",
    ),
    _cue(
        "broken",
        15,
        """broken|broke|doesn't work|does not work|don't work|didn't work|not working|isn't working|
        stopped working|doesnt work|dont work|isnt working|won't start|won't open|won't turn on|useless now|
        kaputt|defekt|funktioniert nicht|geht nicht|no funciona|dejó de funcionar|estropeado|
        ne marche pas|ne marche plus|ne fonctionne pas|ne fonctionne plus|cassé|cassée|
        não funciona|parou de funcionar|quebrado|quebrada|壊れ|動かない|動きません|使えない""",
        unless="broke up|broken heart|broken english",
    ),
    _cue(
        "crash",
        15,
        """crash|crashes|crashed|crashing|freezes|freezing up|keeps freezing|hangs|blue screen|
        stürzt ab|abgestürzt|Absturz|se cierra solo|se bloquea|plante tout le temps|travando|
        クラッシュ|フリーズ|強制終了""",
        unless="crash course|hangs out|hangs on",
    ),
    _cue(
        "error",
        8,
        """error|errors|error message|bug|bugs|buggy|glitch|glitches|glitchy|
        Fehler|Fehlermeldung|mensaje de error|erreur|message d'erreur|erro|mensagem de erro|
        バグ|不具合|エラー""",
    ),
    _cue(
        "cannot log in",
        12,
        """can't log in|cannot log in|can't login|cannot login|cant log in|cant login|
        can't sign in|cannot sign in|
        locked out|reset my password|password reset|lost my password|
        kann mich nicht einloggen|kann mich nicht anmelden|Passwort vergessen|no puedo entrar|
        no puedo iniciar sesión|impossible de me connecter|mot de passe oublié|não consigo entrar|
        não consigo logar|ログインできない|ログインできません""",
    ),
    _cue(
        "charged wrongly",
        15,
        """charged twice|charged me twice|double charged|overcharged|charged again|wrong amount|
        unauthorized charge|still being charged|wrong invoice|
        doppelt abgebucht|zu viel abgebucht|falsche Rechnung|cobrado dos veces|me cobraron|
        prélevé deux fois|débité deux fois|cobrança indevida|cobrado duas vezes|二重請求|二重に請求""",
    ),
    _cue(
        "payment",
        8,
        """payment|billing|invoice|my card|card was declined|card declined|checkout|
        Zahlung|Rechnung|Lastschrift|factura|el pago|facture|paiement|pagamento|boleto|
        請求|支払い|決済""",
    ),
    _cue(
        "refund",
        20,
        """refund|refunds|refunded|money back|my money back|
        Rückerstattung|Geld zurück|reembolso|devolución|remboursement|remboursé|rembourser|
        estorno|dinheiro de volta|返金""",
    ),
    _cue(
        "cancelling",
        20,
        """cancel my|cancelling my|canceling my|cancelled my|canceled my|want to cancel|
        how do i cancel|close my account|unsubscribing|
        kündigen|gekündigt|Kündigung|cancelar mi|darme de baja|résilier|résiliation|annuler mon|
        cancelar minha|cancelar meu|解約|退会""",
    ),
    _cue(
        "leaving",
        18,
        """switching to|switched to|moving to another|moved to another|leaving for|
        losing a customer|lost a customer|last time i buy|never buying|never again|i'm done with|
        im done with|
        wechsle zu|gewechselt zu|nie wieder|me cambio a|nunca más|je passe chez|plus jamais|
        vou mudar para|nunca mais|乗り換え|二度と買わない|もう買わない""",
    ),
    _cue(
        "comparison",
        8,
        """better than|worse than|compared to|alternative to|alternatives to|instead of yours|
        besser als|schlechter als|mejor que|peor que|mieux que|pire que|melhor que|pior que|
        と比べ|の方がいい|より良い""",
        unless="better than ever|better than nothing|better than expected",
    ),
    _cue(
        "urgent",
        20,
        """urgent|urgently|asap|as soon as possible|emergency|right now please|need this today|
        dringend|so schnell wie möglich|urgente|urgentemente|cuanto antes|urgence|au plus vite|
        o mais rápido possível|至急|緊急|急ぎ""",
        unless="not urgent|no urgency|nicht dringend",
    ),
    _cue(
        "angry",
        15,
        """furious|outraged|outrageous|unacceptable|disgusting|disgusted|disgraceful|ridiculous|
        fed up|angry|pissed|livid|a joke of a|shame on you|
        wütend|unverschämt|Frechheit|stinksauer|inaceptable|indignante|vergüenza|
        inacceptable|honteux|scandaleux|inaceitável|absurdo|vergonha|最悪|ふざけるな|許せない""",
    ),
    _cue(
        "disappointed",
        10,
        """disappointed|disappointing|let down|frustrated|frustrating|terrible|awful|horrible|worst|
        enttäuscht|enttäuschend|decepcionado|decepcionada|decepcionante|pésimo|pésima|
        déçu|déçue|décevant|horrível|péssimo|péssima|残念|がっかり|ひどい""",
    ),
    _cue(
        "no answer so far",
        15,
        """no reply|no response|no answer|nobody answers|nobody replies|no one answers|no one replies|
        never answered|never replied|ignoring me|ignored me|being ignored|still waiting|
        anyone there|customer service|
        keine Antwort|niemand antwortet|warte immer noch|sin respuesta|nadie responde|sigo esperando|
        sans réponse|pas de réponse|personne ne répond|j'attends toujours|sem resposta|
        ninguém responde|返事がない|返信がない|返事が来ない|返信が来ない""",
    ),
    _cue(
        "once more",
        8,
        """yet again|once again|happened again|broken again|down again|third time|second time|
        every single time|still broken|still not|keeps happening|
        schon wieder|zum dritten Mal|otra vez|por tercera vez|encore une fois|troisième fois|
        mais uma vez|terceira vez|またか|何度も""",
    ),
    _cue(
        "slow",
        8,
        """slow|very slow|too slow|so slow|sluggish|laggy|lagging|takes forever|taking forever|
        langsam|ruckelt|lento|lenta|très lent|trop lent|lente|demorando|遅い|重い""",
        unless="slow down|slow cooker|slow motion",
    ),
    _cue(
        "not delivered",
        12,
        """not arrived|hasn't arrived|hasnt arrived|havent received|didnt arrive|
        never arrived|didn't arrive|haven't received|never received|
        not received|where is my order|where's my order|where is my package|lost package|late delivery|
        nicht angekommen|wo bleibt|nicht geliefert|no ha llegado|no llegó|no he recibido|
        pas arrivé|pas reçu|jamais reçu|não chegou|não recebi|
        届かない|届いていない|届いていません|届きません""",
    ),
    _cue(
        "damaged",
        12,
        """damaged|cracked|scratched|dented|torn|leaking|leaks|
        beschädigt|zerkratzt|dañado|dañada|abîmé|endommagé|danificado|danificada|破損|割れて|傷がつ""",
    ),
    _cue(
        "wrong item",
        10,
        """wrong item|wrong order|wrong size|wrong colour|wrong color|wrong product|missing parts|
        parts are missing|incomplete order|
        falscher Artikel|falsche Größe|fehlt ein Teil|producto equivocado|talla equivocada|
        mauvais article|mauvaise taille|produto errado|tamanho errado|違う商品|間違って届い""",
    ),
    _cue(
        "not available",
        5,
        """out of stock|sold out|back in stock|not available in|unavailable in|ship to|
        ausverkauft|wieder verfügbar|agotado|agotada|rupture de stock|indisponible|esgotado|esgotada|
        在庫切れ|売り切れ|再入荷""",
    ),
    _cue(
        "warns others",
        15,
        """don't buy|do not buy|dont buy|stay away from|boycott|avoid this|avoid them|warning to everyone|
        kauft nicht|Finger weg|no compren|no compréis|eviten|n'achetez pas|à fuir|não comprem|
        買わない方がいい|買わないで|気をつけて""",
    ),
    _cue(
        "press",
        15,
        """journalist|reporter here|press inquiry|press enquiry|request for comment|
        writing a story|writing an article|for an article|
        Journalist|Journalistin|Presseanfrage|periodista|journaliste|jornalista|取材|記者です""",
    ),
    _cue(
        "accessibility",
        12,
        """accessibility|accessible|inaccessible|screen reader|screenreader|voiceover|talkback|
        wheelchair|alt text|a11y|
        barrierefrei|Barrierefreiheit|accesibilidad|lector de pantalla|accessibilité|
        lecteur d'écran|acessibilidade|leitor de tela|アクセシビリティ""",
    ),
    _cue(
        "asks for help",
        8,
        """help|help me|please help|need help|can you help|support please|sos|
        Hilfe|bitte helfen|helft mir|ayuda|ayúdenme|aidez moi|besoin d'aide|ajuda|me ajudem|
        助けて|困って""",
        unless="can't help but|helpful|happy to help|glad to help",
    ),
    _cue(
        "asks how",
        5,
        """how do i|how do you|how can i|how to|how would i|what's the best way|is there a way|
        is it possible|wie kann ich|wie mache ich|gibt es eine möglichkeit|cómo puedo|cómo hago|
        es posible|comment faire|comment puis je|est il possible|como faço|como posso|é possível|
        どうやって|どうすれば|使い方|方法は""",
    ),
    _cue(
        "wants to buy",
        12,
        """want to buy|wants to buy|thinking of buying|thinking about buying|where can i buy|
        where to buy|ready to buy|free trial|a demo|a quote|
        möchte kaufen|wo kann ich kaufen|quiero comprar|dónde comprar|donde puedo comprar|
        où acheter|je veux acheter|quero comprar|onde comprar|買いたい|どこで買え|購入したい""",
    ),
    _cue(
        "large order",
        15,
        """bulk order|large order|wholesale|for our team|for my team|our company|enterprise plan|
        reseller|volume discount|
        Großbestellung|Mengenrabatt|für unser Team|al por mayor|para nuestra empresa|en gros|
        pour notre équipe|atacado|para nossa empresa|大量注文|法人""",
    ),
    _cue(
        "price",
        5,
        """price|prices|pricing|price increase|too expensive|overpriced|how much|discount|
        Preis|Preise|Preiserhöhung|zu teuer|precio|precios|muy caro|le prix|trop cher|
        preço|preços|muito caro|値段|値上げ|高すぎ""",
    ),
    _cue(
        "confusing",
        6,
        """confusing|confused|unclear|misleading|makes no sense|don't understand|do not understand|
        dont understand|verwirrend|unklar|irreführend|verstehe nicht|confuso|engañoso|no entiendo|
        pas clair|trompeur|je ne comprends pas|enganoso|não entendo|分かりにくい|わかりにくい|わからない""",
    ),
    _cue(
        "documentation",
        3,
        """documentation|the docs|your docs|the manual|tutorial|user guide|instructions|
        Anleitung|Handbuch|documentación|instrucciones|mode d'emploi|notice d'utilisation|
        documentação|instruções|説明書|マニュアル|ドキュメント""",
    ),
    _cue(
        "wish",
        3,
        """would be nicer with|would be nice|would be great if|would love to see|feature request|
        please add|can you add|i wish you|wish it had|wish there was|
        wäre schön|wäre toll|wünsche mir|sería genial|estaría bien|ce serait bien|ce serait génial|
        seria bom|seria ótimo|欲しい機能|追加してほしい|があると嬉しい|があればいい""",
    ),
    _cue(
        "praise",
        2,
        """i love|we love|love it|love this|love your|awesome|amazing|fantastic|excellent|brilliant|
        so good|well done|great job|great work|best ever|recommend|
        liebe es|großartig|super Arbeit|me encanta|excelente|j'adore|génial|excellent travail|
        adorei|adoro|maravilhoso|最高|大好き|素晴らしい|すばらしい""",
        unless="""would love to see|not recommend|don't recommend|can't recommend|cannot recommend|
        dont recommend|cant recommend""",
    ),
    _cue(
        "thanks",
        -5,
        """thank you|thanks|thx|cheers for|much appreciated|
        danke|dankeschön|vielen dank|gracias|merci|obrigado|obrigada|ありがとう|感謝""",
        unless="""thanks for nothing|no thanks|thanks to you|thanks in advance|gracias por nada|
        danke für nichts""",
    ),
    _cue(
        "solved",
        -10,
        """works now|working now|works again|is working again|fixed now|it's fixed|got it fixed|solved|
        problem solved|all good now|never mind|nevermind|
        geht wieder|funktioniert wieder|hat sich erledigt|gelöst|ya funciona|solucionado|
        ça marche maintenant|résolu|c'est réglé|já funciona|resolvido|直りました|直った|解決しました""",
        unless="not solved|isn't solved|still not|nicht gelöst|not resolved",
    ),
    _cue(
        "giveaway",
        -15,
        """giveaway|give away|retweet to win|rt to win|follow and rt|follow and retweet|win a free|
        enter to win|sweepstakes|
        Gewinnspiel|Verlosung|sorteo|concours gratuit|jeu concours|sorteio|プレゼント企画|懸賞""",
    ),
)

CUE_NAMES = tuple(cue.name for cue in CUES)
