"""`auth` where replicas share a store: signed in on one machine, signed in on all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reach import reachable
from sharing.servers import STATE_KEY
from signing_in.ground import ACCOUNT, holding, sign_ins
from stores import RedisServer, needs_redis

pytestmark = [pytest.mark.redis, needs_redis]

FLAGS = (*ACCOUNT, "--auth", "oauth_token")


def test_who_signs_in_on_one_machine_is_signed_in_on_all_and_out_again(
    tmp_path: Path, redis: RedisServer
) -> None:
    redis.empty()
    store = {"ZENDESK_SERVER_STORE_URL": redis.url, "ZENDESK_SERVER_STATE_KEYS": STATE_KEY}
    with reachable(tmp_path) as reach:
        elsewhere = replace(reach, home=tmp_path / "elsewhere")
        elsewhere.home.mkdir()
        token = reach.sandbox.token()
        signed_in = reach.invoke("auth", "login", *FLAGS, "--token-stdin", stdin=token, **store)
        assert signed_in.code == 0, signed_in.err
        assert "the store that replicas share" in signed_in.out
        assert not holding(tmp_path, token)
        assert not sign_ins(reach.home).exists()
        status = elsewhere.invoke("auth", "status", *FLAGS, **store)
        assert status.code == 0, status.out
        assert "the store that replicas share" in status.out
        alone = elsewhere.invoke("auth", "status", *FLAGS)
        assert alone.code == 1
        assert elsewhere.invoke("auth", "logout", *FLAGS, **store).code == 0
        assert reach.invoke("auth", "status", *FLAGS, **store).code == 1


def test_half_a_store_is_told_and_nothing_is_kept(tmp_path: Path, redis: RedisServer) -> None:
    with reachable(tmp_path) as reach:
        half = {"ZENDESK_SERVER_STORE_URL": redis.url}
        refused = reach.invoke("auth", "login", *FLAGS, "--token-stdin", stdin="x", **half)
        assert refused.code == 1
        assert "state_keys" in refused.err
        assert redis.password not in refused.err


def test_a_store_that_is_gone_is_told_before_anything_is_asked(
    tmp_path: Path, redis: RedisServer
) -> None:
    store = {"ZENDESK_SERVER_STORE_URL": redis.url, "ZENDESK_SERVER_STATE_KEYS": STATE_KEY}
    with reachable(tmp_path) as reach:
        redis.stop()
        try:
            refused = reach.invoke("auth", "login", *FLAGS, "--token-stdin", stdin="x", **store)
        finally:
            redis.start()
        assert refused.code == 1
        assert "sign-in that replicas share cannot be read" in refused.err
        assert not reach.sandbox.requests


def test_doctor_looks_for_the_sign_in_where_replicas_share_it(
    tmp_path: Path, redis: RedisServer
) -> None:
    redis.empty()
    store = {"ZENDESK_SERVER_STORE_URL": redis.url, "ZENDESK_SERVER_STATE_KEYS": STATE_KEY}
    with reachable(tmp_path) as reach:
        token = reach.sandbox.token()
        reach.invoke("auth", "login", *FLAGS, "--token-stdin", stdin=token, **store)
        seen = reach.invoke("doctor", *FLAGS, **store)
        assert "kept in the store that replicas share, sealed" in seen.out
        redis.stop()
        try:
            gone = reach.invoke("doctor", *FLAGS, **store)
        finally:
            redis.start()
        assert "[store_unreadable]" in gone.out
        assert "store_url" in gone.out
