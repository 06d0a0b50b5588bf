"""Over TLS the connection goes to the checked address, and the certificate has to be the host's."""

import contextlib
import datetime as dt
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.networks import http_client
from bot.networks.feed.fetching import FetchFailed
from tests.bot.networks.conftest import read_request
from tests.bot.networks.feed.internet import PUBLIC, answer, moved

HERE = answer()


class TlsServer:
    """Answers every request over TLS, with a certificate for the names that it is given."""

    def __init__(self, folder, *names: str, script=HERE) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.pem = folder / f"{names[0]}.pem"
        self.pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        keys = folder / f"{names[0]}.key"
        keys.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.asked: list[bytes] = []
        self.names: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.pem, keys)
        self._context.sni_callback = lambda line, name, context: self.names.append(name)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._script = script
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._door.accept()
                with (
                    plain,
                    contextlib.suppress(OSError),
                    self._context.wrap_socket(plain, server_side=True) as line,
                ):
                    self.asked.append(read_request(line))
                    line.sendall(self._script)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(120)


@pytest.fixture
def tls(internet, tmp_path, monkeypatch):
    servers = []

    def start(name, *certified, script=HERE, address=PUBLIC[0]):
        server = TlsServer(tmp_path, *certified, script=script)
        servers.append(server)
        internet.names[name] = [address]
        internet.servers[address] = server
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.pem))
        http_client.trusted_ssl_context.cache_clear()
        return server

    yield start
    for server in servers:
        server.close()
    http_client.trusted_ssl_context.cache_clear()


def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(internet, tls):
    server = tls("feed.example", "feed.example")

    assert internet.fetcher().fetch("https://feed.example/rss").body == b"<rss/>"
    assert server.names == ["feed.example"]
    assert b"\r\nHost: feed.example\r\n" in server.asked[0]
    assert internet.connected == [((PUBLIC[0],), 443)]


def test_a_certificate_of_somebody_else_is_not_trusted(internet, tls):
    server = tls("feed.example", "other.example")

    with pytest.raises(FetchFailed, match="its certificate is not trusted"):
        internet.fetcher().fetch("https://feed.example/rss")

    assert server.asked == []


def test_secrets_do_not_leave_https_for_http(internet, tls):
    server = tls("feed.example", "feed.example", script=moved("301 Moved", "http://plain.example/rss"))
    internet.host("plain.example", answer())

    with pytest.raises(FetchFailed, match="leads from https to http"):
        internet.fetcher().fetch("https://feed.example/rss?token=abcdefgh")
    assert len(internet.connected) == len(server.asked) == 1

    assert internet.fetcher().fetch("https://feed.example/rss").moved_to == "http://plain.example/rss"
