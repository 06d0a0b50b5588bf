"""Who is in the story: the brand, its team, and the people who talk about it."""

from dataclasses import dataclass

BRAND_HANDLE, BRAND_NAME = "fernpress", "Fernpress"
TAGLINE = "Fernpress is a small blogging tool. It does not have tags. People have noticed."
CHANNEL = "C0MENTIONS"
ANA, BEN, CLEO, GUS = "U0ANA", "U0BEN", "U0CLEO", "U0GUS"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody on the network, with a voice of their own."""

    handle: str
    name: str
    followers: int
    verified: bool = False


MARIA = Customer("maria_writes", "Maria Silva", 1_840)
THEO = Customer("theo_codes", "Theo Brandt", 312)
NAN = Customer("nans_garden", "Nan Whitlock", 96)
OKAFOR = Customer("dj_okafor", "DJ OKAFOR", 21_300, verified=True)
PRIYA = Customer("ms_kapoor_4b", "Priya Kapoor", 540)
LUCAS = Customer("lucas_fotos", "Lucas Moreau", 4_120)
HANA = Customer("hana_cooks", "森ハナ Hana Mori", 8_760)
BART = Customer("bart_was_right", "Bart", 17)
SAM = Customer("samreadsalot", "Sam Oduya", 655)

CUSTOMERS = (MARIA, THEO, NAN, OKAFOR, PRIYA, LUCAS, HANA, BART, SAM)
