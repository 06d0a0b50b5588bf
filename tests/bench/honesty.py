"""How often the sincerity guard speaks up about honest replies, in four languages that write differently.

`python -m tests.bench.honesty`, without a database. Honest are two replies that two people got for two reasons.
The same sixteen sentences stand in each language, written by hand; eight of them name a product, in six
versions, since the likeliest false alarm is one sentence said honestly about two products.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import click
from rapidfuzz import fuzz

from models.core.fingerprint import sort_words, strip_addressing
from models.similarity.near_duplicates import (
    NEAR_DUPLICATE_MIN_PERCENT,
    SHORT_TEXT_MAX_LETTERS,
    count_effective_letters,
)

# ruff: noqa: RUF001 - other scripts

PRODUCTS = {
    "English": ("app", "website", "export", "login", "search", "calendar"),
    "Japanese": ("アプリ", "サイト", "エクスポート", "ログイン", "検索", "カレンダー"),
    "Chinese": ("应用", "网站", "导出", "登录", "搜索", "日历"),
    "Thai": ("แอป", "เว็บไซต์", "การส่งออก", "การเข้าสู่ระบบ", "การค้นหา", "ปฏิทิน"),
}
WITH_PRODUCT = {
    "English": (
        "The {} is back, sorry for the wait.",
        "We found the fault in the {} and fix it tonight.",
        "Could you tell us which version of the {} you use?",
        "The new {} comes next week, I will write to you.",
        "You are right, the {} was too slow today.",
        "I built the {}, and I am glad that you like it.",
        "Please restart the {}, then it works again.",
        "That is a bug in the {}, thank you for the report.",
    ),
    "Japanese": (
        "{}は復旧しました。お待たせしてすみません。",
        "{}の不具合を見つけました。今夜直します。",
        "お使いの{}のバージョンを教えていただけますか。",
        "新しい{}は来週出ます。またご連絡します。",
        "おっしゃる通り、今日は{}が遅すぎました。",
        "{}は私が作りました。気に入ってもらえて嬉しいです。",
        "{}を再起動すると、また動きます。",
        "それは{}のバグです。ご報告ありがとうございます。",
    ),
    "Chinese": (
        "{}恢复了，让您久等了。",
        "我们找到了{}的故障，今晚修好。",
        "请问您用的是哪个版本的{}？",
        "新的{}下周上线，到时我再写信给您。",
        "您说得对，今天{}太慢了。",
        "{}是我做的，很高兴您喜欢。",
        "请重启{}，就能用了。",
        "这是{}的问题，谢谢您的反馈。",
    ),
    "Thai": (
        "{}กลับมาใช้ได้แล้ว ขอโทษที่ให้รอ",
        "เราพบข้อผิดพลาดใน{} และจะแก้คืนนี้",
        "ขอทราบรุ่นของ{}ที่คุณใช้ได้ไหม",
        "{}ใหม่จะมาสัปดาห์หน้า แล้วฉันจะเขียนบอก",
        "คุณพูดถูก วันนี้{}ช้าเกินไป",
        "ฉันทำ{}เอง ดีใจที่คุณชอบ",
        "ลองเริ่ม{}ใหม่ แล้วจะใช้ได้อีก",
        "นั่นเป็นบั๊กของ{} ขอบคุณที่แจ้ง",
    ),
}
ALONE = {
    "English": (
        "Your parcel left this morning.",
        "We refunded you twice by mistake, keep the second.",
        "The shop in Porto opens at ten on Sundays.",
        "No, we do not sell your data to anybody.",
        "I forwarded your idea to the kitchen.",
        "The beans are from Huila in Colombia.",
        "Sorry, the barista was new and nervous.",
        "Our dog says thank you for the photo.",
    ),
    "Japanese": (
        "お荷物は今朝発送しました。",
        "誤って二重に返金しました。そのままお受け取りください。",
        "ポルトの店は日曜は十時に開きます。",
        "いいえ、データを誰かに売ることはありません。",
        "アイデアを厨房に伝えました。",
        "豆はコロンビアのウイラ産です。",
        "すみません、新人のバリスタが緊張していました。",
        "うちの犬が写真のお礼を言っています。",
    ),
    "Chinese": (
        "您的包裹今早寄出了。",
        "我们误退了两次款，第二笔您留着吧。",
        "波尔图的店周日十点开门。",
        "不，我们不会把您的数据卖给任何人。",
        "您的点子我转给厨房了。",
        "豆子来自哥伦比亚的惠拉。",
        "抱歉，咖啡师是新来的，有点紧张。",
        "我们的狗说谢谢您的照片。",
    ),
    "Thai": (
        "พัสดุของคุณส่งออกเมื่อเช้านี้",
        "เราคืนเงินซ้ำโดยไม่ตั้งใจ เก็บไว้ได้เลย",
        "ร้านที่ปอร์โตเปิดสิบโมงในวันอาทิตย์",
        "ไม่ เราไม่ขายข้อมูลของคุณให้ใคร",
        "ฉันส่งความคิดของคุณให้ห้องครัวแล้ว",
        "เมล็ดกาแฟมาจากอุยลาในโคลอมเบีย",
        "ขอโทษ บาริสต้าคนใหม่ตื่นเต้นไปหน่อย",
        "หมาของเราฝากขอบคุณสำหรับรูป",
    ),
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Of all pairs of honest replies: how many are compared at all, and how many are called near copies."""

    pairs: int
    compared: float
    warned: float


def replies(language: str) -> list[str]:
    """Every honest reply in that language."""
    named = [one.format(product) for one in WITH_PRODUCT[language] for product in PRODUCTS[language]]
    return [*named, *ALONE[language]]


def rates(language: str, *, by_script: bool = True) -> Rates:
    """What the guard does with each pair; measured in bare characters if not `by_script`."""
    bared = [strip_addressing(one, ()) for one in replies(language)]
    long_enough = [
        one
        for one in bared
        if (count_effective_letters(one) if by_script else len(one)) >= SHORT_TEXT_MAX_LETTERS
    ]
    pairs = len(bared) * (len(bared) - 1) // 2
    compared = list(combinations(map(sort_words, long_enough), 2))
    warned = sum(fuzz.ratio(one, other) >= NEAR_DUPLICATE_MIN_PERCENT for one, other in compared)
    return Rates(pairs, len(compared) / pairs, warned / pairs)


def rows() -> Iterator[Sequence[str]]:
    """The table of docs/benchmarks.md."""
    for language in PRODUCTS:
        old, new = rates(language, by_script=False), rates(language)
        yield (
            language,
            f"{new.pairs:,}",
            f"{old.compared:.1%}",
            f"{new.compared:.1%}",
            f"{old.warned:.2%}",
            f"{new.warned:.2%}",
        )


def main() -> None:
    """Print it."""
    click.echo(
        "| Language | Pairs | Compared before | Compared | Warned before | Warned |\n|---|---|---|---|---|---|"
    )
    for row in rows():
        click.echo(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
