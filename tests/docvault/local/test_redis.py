import os
import signal
import stat

import pytest
import redis

from docvault.local.home import Home
from docvault.local.redis import LocalRedis


def test_it_keeps_what_it_was_told_over_kill_9(home: Home) -> None:
    with LocalRedis(home) as server:
        client = redis.Redis.from_url(server.url, decode_responses=True)
        client.set("a", "1")
        os.kill(server.child.pid or 0, signal.SIGKILL)
        port = server.port
        server.child._process.wait()  # type: ignore[union-attr]
        server.start()
        assert server.port == port
        assert redis.Redis.from_url(server.url, decode_responses=True).get("a") == "1"


def test_it_asks_for_the_password_and_shows_it_to_nobody(home: Home) -> None:
    import psutil

    with LocalRedis(home) as server:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port).ping()
        process = psutil.Process(server.child.pid)
        assert home.secrets.redis_password not in " ".join(process.cmdline())
        assert {address.laddr.ip for address in process.net_connections("inet")} == {"127.0.0.1"}
        assert stat.S_IMODE((home.redis / "valkey.conf").stat().st_mode) == 0o600
    assert not psutil.pid_exists(process.pid)
