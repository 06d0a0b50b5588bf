"""The endpoints that read: users, posts by id, timelines and search."""

from datetime import timedelta

from sandbox.x.api.call import Call
from sandbox.x.api.json_rows import Row, includes, post_row, stamp, user_row, why_no_post, why_no_user
from sandbox.x.api.problems import ProblemError, invalid
from sandbox.x.state import request_log, search_query, timelines
from sandbox.x.state.ids import page_token, snowflake
from sandbox.x.state.posts import User, XPost

# Users


def me(call: Call) -> Row:
    return {"data": user_row(call.me, call.wanted())}


def user_by_handle(call: Call) -> Row:
    return _one_user(call, call.world.find_user(call.key), "username")


def user_by_id(call: Call) -> Row:
    return _one_user(call, call.world.user_by_id(call.id()), "id")


def users(call: Call) -> Row:
    found = {each: call.world.user_by_id(each) for each in call.params.ids("ids")}
    errors = [row for each, user in found.items() if (row := why_no_user(user, "ids", each))]
    return _users(call, [user for user in found.values() if user and not user.suspended], errors)


def _one_user(call: Call, user: User | None, parameter: str) -> Row:
    if error := why_no_user(user, parameter, call.key):
        return {"errors": [error]}
    body = _users(call, [user] if user else [], [])
    return {"data": body["data"][0]}


def _users(call: Call, found: list[User], errors: list[Row]) -> Row:
    wanted = call.wanted()
    call.world.journal.read("user", (user.id for user in found), request_log.USER_READ, call.now)
    return _filled({"data": [user_row(user, wanted) for user in found], "errors": errors})


# Posts by id


def posts(call: Call) -> Row:
    return _looked_up(call, call.params.ids("ids"), "ids")


def post(call: Call) -> Row:
    body = _looked_up(call, [call.id()], "id")
    return body | {"data": body["data"][0]} if "data" in body else body


def _looked_up(call: Call, ids: list[str], parameter: str) -> Row:
    gone = [row for each in ids if (row := why_no_post(call.world, each, parameter))]
    hidden = {row["value"] for row in gone}
    return _posts(call, [call.world.posts[each] for each in ids if each not in hidden], gone)


def _posts(
    call: Call, found: list[XPost], errors: list[Row] | None = None, price: int = request_log.POST_READ
) -> Row:
    wanted = call.wanted()
    brought, missing = includes(call.world, found, wanted)
    call.world.journal.read("post", (each.id for each in found), price, call.now)
    call.world.journal.read(
        "user", (user["id"] for user in brought.get("users", [])), request_log.USER_READ, call.now
    )
    data = [post_row(call.world, each, wanted) for each in found]
    return _filled({"data": data, "includes": brought, "errors": [*(errors or []), *missing]})


# Timelines


def mentions(call: Call) -> Row:
    found = timelines.mentions(call.world, call.id(), call.lag)
    return _page(call, found, price=_timeline_price(call))


def own_timeline(call: Call) -> Row:
    hidden = call.params.names("exclude", {"replies", "retweets"})
    found = [
        each
        for each in timelines.own(call.world, call.id(), call.lag)
        if not ("replies" in hidden and each.reply_to) and not ("retweets" in hidden and each.repost_of)
    ]
    return _page(call, found, price=_timeline_price(call))


def search_recent(call: Call) -> Row:
    return _page(call, _search(call), least=10, price=request_log.POST_READ)


def count_recent(call: Call) -> Row:
    """How many posts a search would find, by hour or day; each call has one price, whatever it counts.

    https://docs.x.com/x-api/posts/counts/introduction
    """
    found = _inside(call, _search(call))
    length = timedelta(days=1) if call.params.text("granularity") == "day" else timedelta(hours=1)
    start = call.params.moment("start_time") or call.now - timelines.SEARCHED
    until = call.now - call.lag  # once: the clock goes on
    rows: list[Row] = []
    while start < until:
        end = min(start.replace(minute=0, second=0, microsecond=0) + length, until)
        count = sum(start <= each.created_at < end for each in found)
        rows.append({"start": stamp(start), "end": stamp(end), "tweet_count": count})
        start = end
    call.world.journal.wrote(request_log.COUNTS_CALL)
    return {"data": rows, "meta": {"total_tweet_count": sum(row["tweet_count"] for row in rows)}}


def _search(call: Call) -> list[XPost]:
    """Return the posts that the query finds, newest first. Raises ProblemError."""
    _check_search_window(call)
    query = call.params.text("query") or ""
    try:
        matches = search_query.parse(query)
    except search_query.QueryError as error:
        raise invalid("query", query, f"There were errors processing your request: {error}") from None
    world = call.world
    return [
        each
        for each in timelines.searchable(world, call.lag)
        if (author := world.user_by_id(each.author_id)) and matches(search_query.Candidate(each, author))
    ]


def _check_search_window(call: Call) -> None:
    """Raise ProblemError for a `since_id` or time before the last seven days, which X refuses in search.

    The error suggests an ID that is a minute newer than the limit, so that it is still valid in the next
    call.
    """
    oldest = (call.now - timelines.SEARCHED).replace(second=0, microsecond=0)
    good = oldest + timedelta(minutes=1)
    since_id, start = call.params.id("since_id"), call.params.moment("start_time")
    if since_id is not None and start is not None:
        message = "'since_id' and 'start_time' can not be combined. Please use only one of them"
        raise invalid("since_id", str(since_id), message)  # our wording: X's is unknown
    if since_id is not None and since_id < snowflake(oldest):
        message = (
            f"'since_id' must be a tweet id created after {good:%Y-%m-%dT%H:%MZ}. "
            f"Please use a 'since_id' that is larger than {snowflake(good)}"
        )
        raise invalid("since_id", str(since_id), message)
    if start is not None and start < oldest:
        message = (
            f"Invalid 'start_time':'{start:%Y-%m-%dT%H:%MZ}'. "
            f"'start_time' must be on or after {oldest:%Y-%m-%dT%H:%MZ}"
        )
        raise invalid("start_time", stamp(start), message)


def _page(call: Call, found: list[XPost], *, least: int = 5, price: int) -> Row:
    """Return one page of posts, newest first; `since_id`, `until_id` and `end_time` are exclusive."""
    size = call.params.number("max_results", least, 100, 10)
    inside = _inside(call, found)
    page = inside[:size]
    meta: Row = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if len(inside) > size:
        meta["next_token"] = page_token(page[-1].id)
    return _posts(call, page, price=price) | {"meta": meta}


def _inside(call: Call, found: list[XPost]) -> list[XPost]:
    """Return those between the ids and times that the call names."""
    params = call.params
    before = [limit for limit in (params.id("until_id"), params.token()) if limit is not None]
    since, start, end = params.id("since_id") or 0, params.moment("start_time"), params.moment("end_time")
    return [
        each
        for each in found
        if int(each.id) > since
        and all(int(each.id) < limit for limit in before)
        and (start is None or each.created_at >= start)
        and (end is None or each.created_at < end)
    ]


def _timeline_price(call: Call) -> int:
    """Return the price of a post: reads of the account's own timelines are cheaper."""
    user = call.world.user_by_id(call.key)
    if error := why_no_user(user, "id", call.key):
        raise ProblemError(200, {"errors": [error]})
    return request_log.OWNED_READ if user == call.me else request_log.POST_READ


def _filled(body: Row) -> Row:
    """Return the body without empty parts: X omits `data` instead of sending an empty list."""
    return {key: value for key, value in body.items() if value}
