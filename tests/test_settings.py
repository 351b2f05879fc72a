"""The settings: what the example file says, and what is said when one of them is wrong. Not what they do: other tests use them for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, env_example

EXAMPLE = Path(__file__).parent.parent / ".env.example"
HIDDEN = "s3cr3t-7b1f"


def test_the_example_file_is_what_the_settings_say() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == env_example()


def test_the_example_file_names_every_setting_and_sets_none() -> None:
    lines = env_example().splitlines()

    assert all(not line or line.startswith("#") for line in lines)
    for name in Settings.model_fields:
        assert any(line.startswith(f"# BROKERCOACH_{name.upper()}=") for line in lines), name


def test_a_setting_is_read_from_a_file_and_the_environment_goes_first(fresh) -> None:
    fresh.place.joinpath(".env").write_text("BROKERCOACH_LOG=xml\n", encoding="utf-8")

    assert fresh.run("db", "check", BROKERCOACH_LOG="json").code == 0
    refused = fresh.run("db", "check")
    assert (refused.code, refused.out) == (1, "")
    assert "BROKERCOACH_LOG" in refused.err


def test_a_home_in_a_file_is_used(fresh) -> None:
    fresh.place.joinpath(".env").write_text(f"BROKERCOACH_HOME={fresh.place / 'elsewhere'}\n", encoding="utf-8")

    assert fresh.run("db", "check", BROKERCOACH_HOME="").code == 0
    assert (fresh.place / "elsewhere" / "brokercoach.db").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BROKERCOACH_PORT", f"port-{HIDDEN}"),
        ("BROKERCOACH_PORT", "70000"),
        ("BROKERCOACH_LOG", HIDDEN),
        ("BROKERCOACH_TRANSCRIBE", HIDDEN),
        ("BROKERCOACH_MODEL_BUDGET", f"-{HIDDEN}"),
        ("BROKERCOACH_DATABASE", f"not a url {HIDDEN}"),
        ("BROKERCOACH_DATABASE", f"mysql://me:{HIDDEN}@host/db"),
        ("BROKERCOACH_DATABASE", "sqlite://"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_its_name_and_without_its_value(name: str, value: str, fresh) -> None:
    for command in (["db", "check"], ["chat"]):
        ran = fresh.run(*command, **{name: value})

        assert (ran.code, ran.out) == (1, "")
        assert name in ran.err
        assert value not in ran.err
        assert HIDDEN not in ran.err
        assert "Traceback" not in ran.err


def test_every_wrong_setting_is_named_at_once(fresh) -> None:
    ran = fresh.run("chat", BROKERCOACH_PORT="x", BROKERCOACH_LOG="y", BROKERCOACH_MODEL_BUDGET="z")

    assert ran.code == 1
    for name in ("BROKERCOACH_PORT", "BROKERCOACH_LOG", "BROKERCOACH_MODEL_BUDGET"):
        assert name in ran.err


def settings_of(folder: Path, *lines: str) -> Settings:
    file = folder / "settings"
    file.write_text("\n".join(lines), encoding="utf-8")
    return Settings(_env_file=file)


def test_secrets_do_not_show(tmp_path: Path) -> None:
    secret = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    settings = settings_of(tmp_path, *(f"BROKERCOACH_{name.upper()}={HIDDEN}" for name in secret))

    assert set(secret) >= {"telegram_token", "slack_bot_token", "slack_app_token", "slack_signing_secret", "model_key", "transcribe_key"}
    assert all(getattr(settings, name).get_secret_value() == HIDDEN for name in secret)
    assert HIDDEN not in repr(settings) + str(settings) + settings.model_dump_json()


def test_an_empty_setting_is_an_absent_one(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "BROKERCOACH_PORT=", "BROKERCOACH_DATABASE=")

    assert settings.port == 8765
    assert settings.database_url.startswith("sqlite:///")


def test_the_error_itself_carries_no_value(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        settings_of(tmp_path, f"BROKERCOACH_PORT={HIDDEN}")

    assert "port" in str(refused.value)
    assert HIDDEN not in str(refused.value)
