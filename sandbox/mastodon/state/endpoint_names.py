"""The names of all endpoints, for faults and counts."""

ENDPOINTS = (
    "GET /api/v1/accounts/verify_credentials",
    "GET /api/v1/accounts/lookup",
    "GET /api/v1/accounts/:id",
    "GET /api/v1/accounts/:id/statuses",
    "GET /api/v1/notifications",
    "GET /api/v1/timelines/tag/:tag",
    "GET /api/v2/search",
    "GET /api/v1/statuses",
    "GET /api/v1/statuses/:id",
    "GET /api/v1/statuses/:id/context",
    "GET /api/v1/statuses/:id/source",
    "POST /api/v1/statuses",
    "DELETE /api/v1/statuses/:id",
    "GET /api/v2/instance",
    "GET /api/v1/instance",
    "POST /api/v1/apps",
    "GET /api/v1/apps/verify_credentials",
    "GET /oauth/authorize",
    "POST /oauth/authorize",
    "POST /oauth/token",
)
