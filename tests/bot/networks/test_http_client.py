"""What one HTTP call proves about itself, against servers that misbehave on purpose."""

import gzip
import socket
import struct
import threading
import time

import pytest

from bot.networks.errors import Later, Unsure
from bot.networks.http_client import CallLimits, HttpSession, HttpStatusError
from tests.bot.networks.conftest import http, read_request

SHORT = CallLimits(connect_seconds=2, call_seconds=0.4, max_bytes=100_000)
LONG = CallLimits(connect_seconds=10, call_seconds=60, max_bytes=100_000)
CALLS = pytest.mark.parametrize(
    ("method", "decision"), [("GET", Later), ("POST", Unsure), ("DELETE", Unsure)]
)


def call(base_url, method="GET", limits=LONG, path="/2/tweets", **more):
    with HttpSession(base_url, limits) as session:
        return session.request(method, f"https://api.twitter.com{path}", json={"text": "hello"}, **more)


def drip(line, byte=b"x"):
    while True:
        line.sendall(byte)
        time.sleep(0.02)


def test_a_call_goes_to_our_server_whatever_address_its_caller_had_in_mind(serve):
    server = serve(http("201 Created", b'{"data":{"id":"1"}}'))

    answer = call(server.url + "/prefix/", "POST", params={"a": "b"})

    assert answer.json() == {"data": {"id": "1"}}
    assert server.asked[0].startswith(b"POST /prefix/2/tweets?a=b HTTP/1.1\r\n")
    assert b"User-Agent: Heard/0.1 (" in server.asked[0]


def test_the_signature_covers_the_address_that_is_really_called(serve):
    server = serve(http("200 OK"))
    signed = []

    call(server.url, auth=lambda request: signed.append(request.url) or request)

    assert signed == [f"{server.url}/2/tweets"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_means_that_nothing_was_sent(nobody, method):
    with pytest.raises(Later) as refused:
        call(nobody, method)

    assert (refused.value.cause, refused.value.at) == ("unreachable", None)
    assert refused.value.detail == "127.0.0.1 could not be reached: connection refused."


def test_a_name_that_nobody_knows_means_that_nothing_was_sent(monkeypatch):
    def unknown(*args):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(Later, match="its name could not be found"):
        call("http://api.example", "POST")


def test_a_resolver_that_hangs_does_not_hang_the_call(monkeypatch):
    freed = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: freed.wait(120) and [])

    with pytest.raises(Later, match="it took too long to connect"):
        call("http://api.example", "POST", CallLimits(connect_seconds=0.05, call_seconds=60))
    freed.set()


def test_the_second_address_is_tried_when_the_first_is_dead(monkeypatch, serve):
    server = serve(http("200 OK"))
    real = socket.getaddrinfo

    def two(host, *rest):
        found = real("127.0.0.1", *rest)
        return (
            [(*entry[:4], ("127.0.0.2", server.port)) for entry in found] + found
            if host == "two.example"
            else found
        )

    monkeypatch.setattr(socket, "getaddrinfo", two)

    assert call(f"http://two.example:{server.port}", "POST").ok


def test_a_failed_tls_handshake_means_that_nothing_was_sent(serve):
    server = serve(b"this is not TLS\r\n\r\n")

    with pytest.raises(Later, match="no secure connection could be made"):
        call(server.url.replace("http:", "https:"), "POST")


def test_a_tls_handshake_that_never_ends_means_that_nothing_was_sent(serve):
    server = serve(lambda line, asked: drip(line, b"\x16\x03\x03\x40\x00" + b"\x00" * 40))

    with pytest.raises(Later, match="could not be reached"):
        call(server.url.replace("http:", "https:"), "POST", SHORT)


@CALLS
def test_a_silent_server_is_left_when_the_time_is_over(serve, method, decision):
    server = serve(lambda line, asked: server.stopped.wait(120))

    with pytest.raises(decision, match=r"127.0.0.1 did not answer within 0.4 s."):
        call(server.url, method, SHORT)


@CALLS
def test_a_server_that_drips_its_headers_cannot_stretch_the_call(serve, method, decision):
    def script(line, asked):
        line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        drip(line)

    with pytest.raises(decision, match="did not answer within"):
        call(serve(script).url, method, SHORT)


@pytest.mark.parametrize(
    "length", [b"Content-Length: 99999\r\n", b"Connection: close\r\n", b"Transfer-Encoding: chunked\r\n"]
)
@CALLS
def test_a_server_that_drips_its_body_cannot_stretch_the_call(serve, method, decision, length):
    def script(line, asked):
        line.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        drip(line, b"1\r\nx\r\n" if b"chunked" in length else b"x")

    with pytest.raises(decision, match="did not answer within"):
        call(serve(script).url, method, SHORT)


@CALLS
def test_a_reset_after_the_request_leaves_a_write_in_doubt(serve, method, decision):
    def script(line, asked):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server = serve(script)

    with pytest.raises(decision, match="broke before its answer was complete"):
        call(server.url, method)
    assert len(server.asked) == 1


@CALLS
def test_an_answer_that_is_cut_short_leaves_a_write_in_doubt(serve, method, decision):
    server = serve(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"data":')

    with pytest.raises(decision, match="broke before its answer was complete"):
        call(server.url, method)
    assert len(server.asked) == 1


@CALLS
def test_an_answer_that_is_not_http_leaves_a_write_in_doubt(serve, method, decision):
    with pytest.raises(decision):
        call(serve(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").url, method)


@CALLS
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_of_any_size_does_not_fill_the_memory(serve, method, decision, packed):
    body = b" " * 300_000
    answer = http("200 OK", gzip.compress(body), "Content-Encoding: gzip") if packed else http("200 OK", body)

    with pytest.raises(decision):
        call(serve(answer).url, method)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_no_redirect_is_followed(serve, method, status):
    elsewhere = serve(http("200 OK"))
    server = serve(http(status, b"", f"Location: {elsewhere.url}/2/tweets"))

    with pytest.raises(HttpStatusError) as declined:
        call(server.url, method)

    assert declined.value.response.status_code == int(status[:3])
    assert elsewhere.asked == []


@pytest.mark.parametrize("status", ["400 Bad Request", "429 Too Many", "503 Busy"])
def test_an_answer_that_is_no_success_is_handed_over_whole_and_not_asked_for_again(serve, status):
    server = serve(http(status, b"[1, 2]", "Retry-After: 0", "x-transaction-id: abc"))

    with pytest.raises(HttpStatusError) as declined:
        call(server.url, "POST")

    assert declined.value.response.json() == [1, 2]
    assert declined.value.response.headers["x-transaction-id"] == "abc"
    assert len(server.asked) == 1


def test_each_call_has_a_connection_of_its_own(serve):
    def script(line, asked):
        while asked:  # a server that keeps connections alive
            line.sendall(http("200 OK"))
            asked = read_request(line)

    server = serve(script)
    with HttpSession(server.url) as session:
        for method in ("POST", "POST", "GET", "DELETE"):
            assert session.request(method, "https://x.example/2/tweets").ok

    assert len(server.asked) == 4


def test_a_server_cannot_make_us_carry_its_cookies(serve):
    server = serve(http("200 OK", b"{}", "Set-Cookie: guest=1; Path=/"))
    with HttpSession(server.url) as session:
        session.get("https://x.example/")
        session.get("https://x.example/")

    assert b"guest" not in server.asked[1]


def test_a_proxy_of_the_environment_is_used_but_never_for_our_own_machine(serve, monkeypatch, nobody):
    proxy = serve(http("200 OK", b'{"via":"proxy"}'))
    server = serve(http("200 OK", b'{"via":"nobody"}'))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)

    assert call("http://api.example").json() == {"via": "proxy"}
    assert call(server.url).json() == {"via": "nobody"}
    assert proxy.asked[0].startswith(b"GET http://api.example/2/tweets HTTP/1.1")


def test_a_proxy_that_refuses_the_tunnel_means_that_nothing_was_sent(serve, monkeypatch):
    proxy = serve(http("407 Proxy Authentication Required", b""))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//user:pa55word@"))

    with pytest.raises(Later, match="407") as refused:
        call("https://api.example", "POST")

    assert proxy.asked[0].startswith(b"CONNECT api.example:443")
    assert "pa55word" not in refused.value.detail


def test_what_the_environment_wants_left_alone_is_not_proxied(serve, monkeypatch):
    proxy = serve(http("200 OK"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "api.example")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: (_ for _ in ()).throw(socket.gaierror(-2, "no")))

    with pytest.raises(Later):
        call("http://api.example")
    assert proxy.asked == []


def test_no_byte_leaves_once_the_time_is_over(serve, monkeypatch):
    server = serve(http("201 Created"))
    real = socket.getaddrinfo

    def slow(*args):
        time.sleep(0.3)  # longer than the whole call may take
        return real(*args)

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    with pytest.raises(Later, match="it took too long to connect"):
        call(server.url, "POST", CallLimits(connect_seconds=10, call_seconds=0.1))
    assert [asked for asked in server.asked if asked] == []
