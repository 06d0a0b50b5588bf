"""X's error responses, and the `errors` rows of successful ones.

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
    """An error response, which ends the call."""

    status: int
    body: dict[str, Any]


def plain(status: int, detail: str | None = None) -> ProblemError:
    """Return the short form of an error, without a machine-readable code."""
    title = HTTPStatus(status).phrase
    body = {"title": title, "detail": detail or title, "type": "about:blank", "status": status}
    return ProblemError(status, body)


def invalid(parameter: str, value: object, message: str) -> ProblemError:
    """Return the 400 for an invalid parameter."""
    return invalid_request({"parameters": {parameter: [value]}, "message": message})


def invalid_request(*errors: dict[str, Any]) -> ProblemError:
    """Return a 400 with these errors."""
    body = {
        "errors": list(errors),
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }
    return ProblemError(400, body)


def credits_depleted() -> ProblemError:
    """Return the 402 for every call once the prepaid credit is used up."""
    body = {
        "title": "CreditsDepleted",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
        "type": f"{PROBLEMS}/credits",
        "status": 402,
    }
    return ProblemError(402, body)


def usage_capped(status: int) -> ProblemError:
    """Return the error (403 or 429) for every read once the billing cycle's cap on posts is used up."""
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
    """Return the single `errors` row of a 200 that has nothing else."""
    return {
        "title": "Service Unavailable",
        "detail": "The service is temporarily over capacity.",
        "type": f"{PROBLEMS}/service-unavailable",
    }


def missing(resource: str, parameter: str, value: str) -> dict[str, Any]:
    """Return an `errors` row: the resource does not exist."""
    return {
        **_about(resource, parameter, value),
        "title": "Not Found Error",
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "type": f"{PROBLEMS}/resource-not-found",
    }


def suspended(parameter: str, value: str) -> dict[str, Any]:
    """Return an `errors` row: the account is suspended, which X reports as not found."""
    return {
        **_about("user", parameter, value),
        "title": "Forbidden",
        "detail": f"User has been suspended: [{value}].",
        "type": f"{PROBLEMS}/resource-not-found",
    }


def unauthorised_row(resource: str, parameter: str, value: str) -> dict[str, Any]:
    """Return an `errors` row: the author's account is protected."""
    return {
        **_about(resource, parameter, value),
        "title": "Authorization Error",
        "detail": f"Sorry, you are not authorized to see the {resource.title()} with {parameter}: [{value}].",
        "section": "data",
        "type": f"{PROBLEMS}/not-authorized-for-resource",
    }


def _about(resource: str, parameter: str, value: str) -> dict[str, Any]:
    return {"value": value, "resource_type": resource, "resource_id": value, "parameter": parameter}
