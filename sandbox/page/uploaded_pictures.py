"""Pictures that were uploaded through a network's API, as the page shows them."""

import io
from typing import Any

from flask import send_file

from sandbox.page.json_replies import problem


def picture(data: bytes | None, content_type: str) -> Any:  # noqa: ANN401 - bytes, or a refusal
    """Return the bytes of a picture; 404 if there is none."""
    if data is None:
        return problem("There is no such picture.", 404)
    return send_file(io.BytesIO(data), mimetype=content_type)
