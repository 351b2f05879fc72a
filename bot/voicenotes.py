"""Voice notes: agreed to, listened to in the background, shown as text, and kept only when their owner says so. Pure.

    voice note → remembered where it lies → due at once → listened to (listening.py) → its words shown: keep, talk about, correct
Without anybody who turns voice into text, or without consent to that, it is refused as ever. Of the sound nothing is kept; as long as
nobody has listened to it, it lies with its platform, and every failure says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.choosing import choice_in
from bot.draft import Draft
from bot.guiding import finish_in_place
from bot.hearing import heard, means
from bot.model import (
    Choice,
    Consent,
    Conversation,
    Event,
    Fell,
    Handed,
    Heard,
    Noted,
    Person,
    Pressed,
    Remind,
    Said,
    Transcript,
    VoiceNote,
    Waiting,
)
from bot.safety import alarmed
from prompts.library import Hear, Library

VERSION = 1  # of what is agreed to, as voice.ask tells it
LONGEST = 300  # seconds; five minutes of speech are some 700 words
BIGGEST = 20_000_000  # bytes; what Telegram lets a bot fetch, and below what OpenAI's endpoint takes (25 MB)
THIN = 2_000  # bytes of a second; speech is seldom sent with fewer (16 kbit/s)
PAUSES = (timedelta(minutes=1), timedelta(minutes=10))  # before it is tried once more
AT_ONCE = 5  # notes and transcripts that are remembered; of more, the oldest are let go

_FAULTS = {"too-long": "voice.long", "gone": "voice.gone", "empty": "voice.empty", "no-consent": "voice.unheard", "budget": "voice.budget"}


def length(note: VoiceNote) -> int:
    """Seconds; where the platform does not tell, as many as that much sound could be."""
    return note.seconds or -(-note.size // THIN)


def too_long(note: VoiceNote) -> bool:
    return note.seconds > LONGEST or note.size > BIGGEST


def meant(library: Library, person: Person, conversation: Conversation, event: Event) -> tuple[Conversation, Event]:
    """What a choice below a transcript stands for: its words, as if they had been written; it is not remembered any longer."""
    choice = event.choice if isinstance(event, Pressed) else None
    if isinstance(event, Said):
        choice = _typed(event.text, conversation, library.in_language(person.language).hear)
    act, _, key = (choice or "").removeprefix("voice:").partition(":")
    told = next((each for each in conversation.transcripts if each.key == key), None)
    if told is None or act not in ("save", "discuss"):
        return conversation, event
    left = tuple(each for each in conversation.transcripts if each.key != key)
    as_entry = act == "save" and conversation.place is None
    said = Noted(event.key, event.at, told.text) if as_entry else Said(event.key, event.at, told.text)
    return replace(conversation, transcripts=left, choices=()), said


def _typed(text: str, conversation: Conversation, hear: Hear) -> str | None:
    """The choice below a transcript that a message is; where it was asked whether that is the answer, also a yes."""
    if not any(each.id.startswith("voice:") for each in conversation.choices):
        return None
    found = choice_in(text, conversation.choices, hear)
    if found is None and conversation.place and means(text, hear.choices["right"], hear):
        found = next(each for each in conversation.choices if each.id.startswith("voice:save"))
    return found.id if found else None


# --- a note comes in


def brought(draft: Draft, event: Handed) -> None:
    if event.voice is None or draft.context.ear is None:
        finish_in_place(draft, draft.line("handed.voice"))
    elif too_long(event.voice):
        _refuse(draft, "voice.long")
    elif "transcription" in draft.context.granted:
        _listen_to(draft, Waiting(event.key, event.voice))
        draft.leave_choices()  # nothing is said until its words are there
    elif draft.voice_refused:
        finish_in_place(draft, draft.line("voice.unheard"))
    else:
        _remember(draft, Waiting(event.key, event.voice, agreed=False))
        _ask(draft)


def _ask(draft: Draft) -> None:
    ear = draft.context.ear or ""
    asked = draft.line("voice.ask", host=ear) if ear else draft.line("voice.ask.here")
    draft.say(asked, "question", [draft.choice("voice-on"), draft.choice("voice-off")])


def _remember(draft: Draft, waiting: Waiting) -> None:
    others = [each for each in draft.voices if each.key != waiting.key]
    draft.voices = (*others, waiting)[-AT_ONCE:]


def _listen_to(draft: Draft, waiting: Waiting) -> None:
    _remember(draft, replace(waiting, agreed=True))
    draft.do(Remind("voice", draft.at, waiting.key))


# --- what it said


def listened(draft: Draft, event: Fell) -> None:
    waiting = next((each for each in draft.voices if each.key == event.ref and each.agreed), None)
    came = draft.context.heard or Heard(fault="no-consent")
    if waiting is None:  # let go meanwhile: consent was taken back
        draft.leave_choices()
    elif came.fault == "down" and waiting.tries < len(PAUSES):
        _remember(draft, replace(waiting, tries=waiting.tries + 1))
        draft.do(Remind("voice", draft.at + PAUSES[waiting.tries], waiting.key))
        if waiting.tries == 0:
            draft.say(draft.line("voice.later"), "notice", draft.offered)
        else:
            draft.leave_choices()
    else:
        draft.voices = tuple(each for each in draft.voices if each.key != waiting.key)
        if came.fault:
            _refuse(draft, _FAULTS.get(came.fault, "voice.down"))
        elif not alarmed(draft, came.text):
            _show(draft, Transcript(waiting.key, came.text))


def _refuse(draft: Draft, key: str) -> None:
    told = {"minutes": str(LONGEST // 60)} if key == "voice.long" else {}
    finish_in_place(draft, draft.line(key, **told))


def _show(draft: Draft, told: Transcript) -> None:
    others = [each for each in draft.transcripts if each.key != told.key]
    draft.transcripts = (*others, told)[-AT_ONCE:]
    acts = ("answer", "fix") if draft.place else ("save", "discuss", "fix")
    choices = [Choice(f"voice:{'save' if act == 'answer' else act}:{told.key}", draft.line(f"choice.voice.{act}")) for act in acts]
    draft.say(draft.line("voice.heard.answer" if draft.place else "voice.heard", text=told.text), "question", choices)


def picked(draft: Draft, what: str) -> None:
    """To correct it; anything else was met before, as words."""
    key = what.partition(":")[2]
    draft.transcripts = tuple(replace(each, mending=each.key == key) for each in draft.transcripts)
    draft.say(draft.line("voice.fix"), "question")


def mended(draft: Draft, text: str) -> bool:
    """Takes a message as what a transcript should read; False when it is none, and the transcript is left as it was."""
    told = next((each for each in draft.transcripts if each.mending), None)
    if told is None:
        return False
    hear = draft.words.hear
    if heard(text, hear.controls, hear) or heard(text, hear.wishes, hear):
        draft.transcripts = tuple(replace(each, mending=False) for each in draft.transcripts)
        return False
    _show(draft, Transcript(told.key, text))
    return True


# --- consent


def _offer(draft: Draft) -> None:
    if draft.context.ear is None:
        finish_in_place(draft, draft.line("voice.none"))
    else:
        _ask(draft)


def _agree(draft: Draft) -> None:
    draft.voice_refused = False
    draft.do(Consent("transcription", VERSION, granted=True))
    waiting = draft.voices
    finish_in_place(draft, draft.line("voice.on.listening" if waiting else "voice.on"))
    for each in waiting:
        _listen_to(draft, each)


def _disagree(draft: Draft) -> None:
    draft.voice_refused = True
    for each in draft.voices:
        draft.do(Remind("voice", None, each.key))
    draft.voices = ()
    draft.do(Consent("transcription", VERSION, granted=False))
    finish_in_place(draft, draft.line("voice.off"))


WISHES: dict[str, Callable[[Draft], None]] = {"voice": _offer, "voice-on": _agree, "voice-off": _disagree}
