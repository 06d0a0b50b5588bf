"""Who has Heard's Home tab open, and what it shows them."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Home(Base):
    """One person's Home. `digest` tells what was published last, so that the same is not published again."""

    __tablename__ = "homes"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    digest: Mapped[str | None]
