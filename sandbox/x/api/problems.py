"""Every answer of X that is not what one asked for.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

PROBLEMS = "https://api.twitter.com/2/problems"
HTML_503 = (
    b"<!DOCTYPE html>\n<html><head><title>X / Error</title></head>"
    b"<body><h1>503 Service Unavailable</h1>No server is available to handle this request.</body></html>\n"
)


@dataclass(eq=False)
class ProblemError(Exception):
    """An answer that ends a call."""

    status: int
    body: dict[str, Any]


def plain(status: int, detail: str | None = None) -> ProblemError:
    """The short envelope, without a machine code."""
    title = HTTPStatus(status).phrase
    body = {"title": title, "detail": detail or title, "type": "about:blank", "status": status}
    return ProblemError(status, body)


def invalid(parameter: str, value: object, message: str) -> ProblemError:
    """The 400 for a parameter."""
    return invalid_request({"parameters": {parameter: [value]}, "message": message})


def invalid_request(*errors: dict[str, Any]) -> ProblemError:
    """The 400 envelope."""
    body = {
        "errors": list(errors),
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }
    return ProblemError(400, body)


def credits_depleted() -> ProblemError:
    """The 402 that every call gets when the prepaid money is gone."""
    body = {
        "title": "CreditsDepleted",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
        "type": f"{PROBLEMS}/credits",
        "status": 402,
    }
    return ProblemError(402, body)


def usage_capped(status: int) -> ProblemError:
    """What every read gets once the cap on posts of a billing cycle is used up, with 403 or 429."""
    body = {
        "account_id": 1,
        "product_name": "standard-basic",
        "title": "UsageCapExceeded",
        "period": "Monthly",
        "scope": "Product",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": f"{PROBLEMS}/usage-capped",
    }
    return ProblemError(status, body)


def unavailable() -> dict[str, Any]:
    """The only row of `errors` in a 200 that holds nothing else."""
    return {
        "title": "Service Unavailable",
        "detail": "The service is temporarily over capacity.",
        "type": f"{PROBLEMS}/service-unavailable",
    }


def missing(resource: str, parameter: str, value: str) -> dict[str, Any]:
    """A row of `errors` in a 200: there is no such resource."""
    return {
        **_about(resource, parameter, value),
        "title": "Not Found Error",
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "type": f"{PROBLEMS}/resource-not-found",
    }


def suspended(parameter: str, value: str) -> dict[str, Any]:
    """A row of `errors` in a 200: the account is suspended, which X files under not found."""
    return {
        **_about("user", parameter, value),
        "title": "Forbidden",
        "detail": f"User has been suspended: [{value}].",
        "type": f"{PROBLEMS}/resource-not-found",
    }


def unauthorised_row(resource: str, parameter: str, value: str) -> dict[str, Any]:
    """A row of `errors` in a 200: its author is protected."""
    return {
        **_about(resource, parameter, value),
        "title": "Authorization Error",
        "detail": f"Sorry, you are not authorized to see the {resource.title()} with {parameter}: [{value}].",
        "section": "data",
        "type": f"{PROBLEMS}/not-authorized-for-resource",
    }


def _about(resource: str, parameter: str, value: str) -> dict[str, Any]:
    return {"value": value, "resource_type": resource, "resource_id": value, "parameter": parameter}
