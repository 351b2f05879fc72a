"""The one settings object: environment variables and `.env`, all with the prefix BROKERCOACH_. Secrets are never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    return Path(platformdirs.user_data_dir("brokercoach"))


class Settings(BaseSettings):
    """Every setting; a description says what it is for and what happens without it."""

    model_config = SettingsConfigDict(
        env_prefix="BROKERCOACH_", env_file=".env", extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    home: Path = Field(default_factory=_default_home, description="Where everything is kept. Default: the platform's user data folder.")
    database: str | None = Field(None, description="SQLAlchemy URL. Default: SQLite in home.")
    key_file: Path | None = Field(
        None, description="The file with the key that opens the logbooks. Default: in home. Back it up apart from the database."
    )
    guides: Path | None = Field(None, description="The folder with guides of your own (docs/guides.md). Default: guides in home.")
    chroma: str | None = Field(None, description="URL of a Chroma server. Default: embedded, in home.")
    log: Literal["json", "console"] = Field("console", description="How log lines look. They carry no private text in either form.")

    telegram_token: SecretStr | None = Field(None, description="The bot's token. Absent: no Telegram.")
    telegram_api: str | None = Field(None, description="Base URL of the Bot API. Default: Telegram's.")
    telegram_webhook: str | None = Field(None, description="Public https URL for updates. Absent: long polling, which needs none.")
    telegram_secret: SecretStr | None = Field(
        None, description="Secret that Telegram sends with each update to the webhook. Default: made from the token."
    )
    slack_bot_token: SecretStr | None = Field(None, description="xoxb-... Absent: no Slack, unless there is a client id.")
    slack_app_token: SecretStr | None = Field(None, description="xapp-... Present: Socket Mode, no public URL needed.")
    slack_signing_secret: SecretStr | None = Field(None, description="For signed HTTP instead of Socket Mode.")
    slack_client_id: str | None = Field(None, description="For several workspaces: they install the coach by OAuth, over signed HTTP.")
    slack_client_secret: SecretStr | None = Field(None, description="Belongs to the client id.")
    slack_api: str | None = Field(None, description="Base URL of the Web API. Default: Slack's.")
    model: str | None = Field(
        None, pattern=r"^[\w-]+:\S+$", description="provider:model. Absent: no language model; everything works without one."
    )
    model_api: str | None = Field(None, pattern=r"^https?://\S+$", description="Base URL of an OpenAI-compatible endpoint.")
    model_key: SecretStr | None = Field(None, description="Key of the model's provider.")
    model_for: str = Field(
        "words",
        pattern=r"^(words|letters|pick|tags|summaries|languages)(,(words|letters|pick|tags|summaries|languages))*$",
        description="What the model may help with, comma-separated: words (replies), letters (the weekly letter), pick (which card fits), "
        "tags (themes of an entry), summaries (of a month, on request), languages (replies in others than English, French and Spanish).",
    )
    model_budget: int | None = Field(None, ge=0, description="Tokens per person and day. Absent: no limit.")
    model_budget_month: int | None = Field(None, ge=0, description="Tokens of everybody together per month. Absent: no limit.")
    model_second: str | None = Field(
        None, pattern=r"^[\w-]+:\S+$", description="provider:model that is asked when the first does not answer. People consent to both."
    )
    model_second_api: str | None = Field(None, pattern=r"^https?://\S+$", description="Base URL of the second one.")
    model_second_key: SecretStr | None = Field(None, description="Key of the second one.")
    transcribe: Literal["off", "openai", "local"] = Field("off", description="Who turns voice notes into text.")
    transcribe_api: str | None = Field(
        None, pattern=r"^https?://\S+$", description="Base URL of an OpenAI-compatible transcription endpoint. Default: OpenAI's."
    )
    transcribe_model: str | None = Field(
        None, description="Which model listens. Default: whisper-1 at an endpoint, small on this machine (a name, or a folder)."
    )
    transcribe_key: SecretStr | None = Field(
        None, description="Key of the transcription endpoint. Default: the model's, where that is the same endpoint."
    )
    transcribe_budget: int | None = Field(None, ge=0, description="Seconds of voice notes per person and day. Absent: no limit.")
    transcribe_budget_month: int | None = Field(
        None, ge=0, description="Seconds of voice notes of everybody together per month. Absent: no limit."
    )
    cluster: bool = Field(False, description="Several `serve` share one PostgreSQL. Each of them needs it; false: one process alone.")
    host: str = Field("127.0.0.1", description="Where webhooks, health and metrics listen.")
    port: int = Field(8765, ge=0, le=65535, description="0: any free port.")
    retention: int = Field(
        24, ge=0, description="Months without a word from somebody after which they are told, and thirty days later erased. 0: never."
    )
    allowed: str | None = Field(None, description="Who may talk to it, comma-separated platform:address. Absent: everybody.")

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'brokercoach.db'}"

    @property
    def guides_path(self) -> Path:
        return self.guides or self.home / "guides"

    @property
    def key_path(self) -> Path:
        return self.key_file or self.home / "key"


def env_example() -> str:
    """The text of .env.example: every setting with its description and its default, all commented out."""
    rows = ["# Settings of brokercoach. Copy to .env and take the # away where you want something else than the default.", ""]
    for name, field in Settings.model_fields.items():
        default = field.default if field.default_factory is None else None
        shown = "" if default is None or str(default) == "PydanticUndefined" else str(default)
        rows += [f"# {field.description}", f"# BROKERCOACH_{name.upper()}={shown}", ""]
    return "\n".join(rows)
