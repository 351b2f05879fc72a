"""Getting the coach into a workspace: the manifest, the installation, and what doctor says."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer
from conftest import PROJECT
from fake_slack import APP_TOKEN, SECRET, TEAM, TOKEN, FakeSlack, fake_slack

from adapters.slack import Slack
from adapters.slack_calls import Account
from adapters.slack_checkup import faults
from adapters.slack_manifest import SCOPES, as_yaml, manifest
from bot.doctor import examine
from bot.door import Refused
from bot.hearing import heard
from bot.parts import open_store
from bot.settings import Settings
from prompts.library import load_library
from storage.store import Store

LIBRARY = load_library()
MOST = {
    "app_mentions:read",
    "assistant:write",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "im:history",
    "im:write",
    "users:read",
}


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as fake:
        yield fake


# --- the manifest


def test_the_committed_manifest_is_the_one_the_code_makes():
    assert (PROJECT / "slack-manifest.yaml").read_text(encoding="utf-8") == as_yaml()


def test_the_manifest_asks_for_no_more_than_private_messages_need():
    assert set(SCOPES) <= MOST
    made = manifest(LIBRARY.words["en"])
    assert made["settings"]["socket_mode_enabled"] is True
    assert not any(
        event.startswith(("message.channels", "message.groups", "message.mpim"))
        for event in made["settings"]["event_subscriptions"]["bot_events"]
    )
    assert "assistant_view" not in made["features"]
    assert len(made["display_information"]["description"]) <= 140
    assert 174 <= len(made["display_information"]["long_description"]) <= 4000
    assert len(made["features"]["shortcuts"][0]["name"]) <= 24


@pytest.mark.parametrize("language", sorted(LIBRARY.words))
def test_every_suggested_prompt_is_understood_as_what_it_says(language):
    words = LIBRARY.words[language]
    for wish in ("reflect", "ask", "logbook", "about-me"):
        assert heard(words.variants(f"home.{wish}")[0], words.hear.wishes, words.hear) == wish


# --- installing


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'brokercoach.db'}", tmp_path / "key")


async def nobody(_: str) -> None:
    return None


def now() -> datetime:
    return datetime.now(UTC)


def several(slack: FakeSlack) -> Account:
    return Account(signing_secret=SECRET, client_id="1.2", client_secret="hush", api=slack.api)  # noqa: S106 - nobody's


async def test_a_workspace_installs_itself_and_its_token_lies_sealed(slack, store, tmp_path):
    door = Slack(several(slack), LIBRARY, nobody, now, store)
    app = web.Application()
    app.add_routes(door.routes())
    async with TestServer(app) as server, ClientSession(cookie_jar=DummyCookieJar()) as session:
        async with session.get(server.make_url("/slack/install"), allow_redirects=False) as answer:
            page, cookie = await answer.text(), answer.headers["Set-Cookie"].split(";")[0]
        leads = next(part for part in page.split('"') if "oauth/v2/authorize" in part).replace("&amp;", "&")
        asked = parse_qs(urlsplit(leads).query)
        assert set(asked["scope"][0].split(",")) == set(SCOPES)
        back = server.make_url("/slack/oauth_redirect").with_query(code=f"code-of-{TEAM}", state=asked["state"][0])
        async with session.get(back, headers={"Cookie": cookie}) as answer:
            assert answer.status == 200
        assert store.slack_token(TEAM) == TOKEN
        forged = server.make_url("/slack/oauth_redirect").with_query(code="code-of-T9", state="1.x.y")
        async with session.get(forged, headers={"Cookie": "slack-app-oauth-state=1.x.y"}) as answer:
            assert answer.status in (400, 401)
    assert store.slack_token("T9") is None
    store.close()
    assert not [path for path in tmp_path.iterdir() if TOKEN.encode() in path.read_bytes()]


def test_installing_again_takes_the_new_token_and_forgetting_people_leaves_workspaces_alone(store):
    store.slack_install(TEAM, "xoxb-old", datetime.fromtimestamp(time.time() - 60, UTC))
    store.slack_install(TEAM, "xoxb-new", now())
    store.forget("nobody")
    assert store.slack_token(TEAM) == "xoxb-new"
    store.slack_uninstall(TEAM, now())
    store.slack_uninstall(TEAM, now())
    assert store.slack_token(TEAM) is None
    assert store.check() == []
    store.close()


def test_with_one_token_or_socket_mode_there_is_no_page_to_install_from(slack, store):
    one = Account(bot_token=TOKEN, signing_secret=SECRET, api=slack.api)
    assert [route.path for route in Slack(one, LIBRARY, nobody, now, store).routes()] == ["/slack/events"]
    socket = Account(bot_token=TOKEN, app_token=APP_TOKEN, signing_secret=SECRET, api=slack.api)
    assert Slack(socket, LIBRARY, nobody, now, store).routes() == []
    store.close()


@pytest.mark.parametrize(
    ("account", "named"),
    [
        (Account(bot_token="xoxp-1", app_token=APP_TOKEN), "BROKERCOACH_SLACK_BOT_TOKEN"),  # noqa: S106
        (Account(bot_token=TOKEN, app_token="xoxb-1"), "BROKERCOACH_SLACK_APP_TOKEN"),  # noqa: S106
        (Account(bot_token=TOKEN), "BROKERCOACH_SLACK_SIGNING_SECRET"),
        (Account(client_id="1.2", signing_secret=SECRET), "_SLACK_CLIENT_SECRET"),
    ],
)
def test_settings_that_cannot_be_right_are_named_at_once_and_shown_to_nobody(account, named):
    with pytest.raises(Refused, match=named) as refused:
        Slack(account, LIBRARY, nobody, now)
    assert "xox" not in str(refused.value).replace("xoxb-...", "")


# --- doctor


async def test_doctor_is_content_with_right_tokens(slack):
    assert await faults(Account(bot_token=TOKEN, app_token=APP_TOKEN, api=slack.api)) == []


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"bot_token": "xoxb-wrong"}, "BROKERCOACH_SLACK_BOT_TOKEN"),
        ({"app_token": "xapp-wrong"}, "BROKERCOACH_SLACK_APP_TOKEN"),
        ({"app_token": None}, "BROKERCOACH_SLACK_APP_TOKEN"),
        ({"api": "http://127.0.0.1:1/api/"}, "cannot be reached"),
    ],
)
async def test_doctor_names_what_is_wrong_with_its_remedy(slack, more, named):
    account = Account(**({"bot_token": TOKEN, "app_token": APP_TOKEN, "api": slack.api} | more))
    found = await faults(account)
    assert len(found) == 1
    assert named in found[0]
    assert "wrong" not in found[0]


async def test_doctor_names_an_app_token_that_may_not_open_connections(slack):
    slack.fail("apps.connections.open", error="missing_scope")
    [found] = await faults(Account(bot_token=TOKEN, app_token=APP_TOKEN, api=slack.api))
    assert "BROKERCOACH_SLACK_APP_TOKEN" in found
    assert "connections:write" in found


async def test_doctor_names_the_scopes_that_are_missing(slack):
    slack.scopes = "chat:write,commands,im:write,app_mentions:read"
    found = await faults(Account(bot_token=TOKEN, app_token=APP_TOKEN, api=slack.api))
    assert [line.partition(";")[0] for line in found] == ["the Slack app lacks assistant:write, files:read, files:write, im:history"]


async def test_doctor_names_each_workspace_whose_token_is_refused_lacks_a_scope_or_cannot_be_read(slack, home):
    settings = Settings(
        _env_file=None, home=home.path, slack_signing_secret=SECRET, slack_client_id="1.2", slack_client_secret=SECRET, slack_api=slack.api
    )
    store = open_store(settings)
    for team, token in (("TWELL", TOKEN), ("TREVOKED", "xoxb-old"), ("TFEW", "xoxb-few"), ("TSEALED", "xoxb-sealed")):
        store.slack_install(team, token, now())
    store.close()
    slack.tokens |= {"xoxb-few": "TFEW", "xoxb-sealed": "TSEALED"}
    slack.scopes_of["xoxb-few"] = ",".join(scope for scope in SCOPES if scope != "files:read")
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute("UPDATE workspaces SET token = zeroblob(60) WHERE team = 'TSEALED'")
    found = await asyncio.to_thread(lambda: {each.part: each for each in examine(settings)}["slack"])
    store = open_store(settings)
    for team in ("TREVOKED", "TFEW", "TSEALED"):
        store.slack_uninstall(team, now())
    store.close()
    well = await asyncio.to_thread(lambda: {each.part: each for each in examine(settings)}["slack"])

    said = found.says.split("; ")
    assert not found.ok
    assert "Slack refuses the token of workspace TREVOKED (invalid_auth)" in said
    assert "the Slack app lacks files:read in workspace TFEW" in said
    assert "the token of workspace TSEALED cannot be read with this key" in said
    assert "TWELL" not in found.says
    assert "xoxb" not in found.says
    assert well.ok
    assert "in 1 workspaces" in well.says


def test_a_slack_app_is_made_from_the_settings():
    from bot.parts import slack_account

    account = slack_account(
        Settings.model_validate({"slack_bot_token": " xoxb-1 ", "slack_app_token": "xapp-1", "slack_api": "http://127.0.0.1:1/api/"})
    )
    assert (account.bot_token, account.app_token, account.api) == ("xoxb-1", "xapp-1", "http://127.0.0.1:1/api/")
    assert "xoxb" not in repr(account)
