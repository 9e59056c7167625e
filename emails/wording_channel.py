"""Why our mail server does not let us sign in, and what to do: shown on Sending health while sending is paused."""

_ASK = "Ask whoever looks after the server"

# By `outcomes.Outcome.why`.
NOT_SIGNED_IN = {
    "no_token_now": "The service that signs us in to our mailbox cannot be reached. We try again by ourselves.",
    "no_token": f"The service that signs us in to our mailbox turned us down. {_ASK} to check its settings.",
    "consent_ended": f"The permission to send from our mailbox has ended. {_ASK} to give it again (new refresh token).",
    "secret_refused": f"The sign-in to our mailbox has a wrong or old secret. {_ASK} to set a new client secret.",
    "scope_refused": f"The sign-in to our mailbox asks for a right it does not have. {_ASK} to check its scope.",
    "token_refused": f"Our mail server does not accept our sign-in. {_ASK} to check that this mailbox may send.",
    "tokens_not_taken": f"Our mail server takes no sign-in by token. {_ASK} to check its name and port.",
}


def pause(why: str, words: str) -> str:
    """The reason of a pause: our sentence, and on the next line the server's words; "" if we have no sentence."""
    sentence = NOT_SIGNED_IN.get(why)
    return f"{sentence}\n{words}" if sentence else ""


def parts(reason: str) -> tuple[str, str]:
    """(our sentence, the machine's words) of such a reason; no sentence for any other."""
    sentence, _, words = reason.partition("\n")
    return (sentence, words) if sentence in NOT_SIGNED_IN.values() else ("", reason)
