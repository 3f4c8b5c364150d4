"""What can be refused, or fail, about accounts, projects and what belongs to them.

What is somebody else's is not found, as if it were not there.
"""

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.wording import shown


class Missing(PmdaemonError):
    """A name or id that leads to nothing that its asker may see."""

    code = "not_found"


class ProjectNotFound(Missing):
    """No such project, for this asker."""

    code = "project_not_found"

    def __init__(self, requested: str) -> None:
        super().__init__(f"no project is called {shown(requested)}", requested=shown(requested))


class VariableNotFound(Missing):
    """A variable that a project has not."""

    code = "variable_not_found"

    def __init__(self, key: str) -> None:
        super().__init__(f"the project has no variable {shown(key)}", key=shown(key))


class DomainNotFound(Missing):
    """No such domain, for this asker."""

    code = "domain_not_found"

    def __init__(self, requested: str) -> None:
        super().__init__(f"there is no domain {shown(requested)}", requested=shown(requested))


class AccountNotFound(Missing):
    """No such account."""

    code = "account_not_found"

    def __init__(self, requested: str) -> None:
        super().__init__(f"there is no account {shown(requested)}", requested=shown(requested))


class ApiTokenNotFound(Missing):
    """No such token of this account."""

    code = "api_token_not_found"

    def __init__(self, requested: str) -> None:
        super().__init__(f"there is no API token {shown(requested)}", requested=shown(requested))


class InvitationNotFound(Missing):
    """No such invitation."""

    code = "invitation_not_found"

    def __init__(self, requested: str) -> None:
        super().__init__(f"there is no invitation {shown(requested)}", requested=shown(requested))


class WebhookNotFound(Missing):
    """No such webhook, for this asker."""

    code = "webhook_not_found"

    def __init__(self, requested: str) -> None:
        super().__init__(f"there is no webhook {shown(requested)}", requested=shown(requested))


class Taken(PmdaemonError):
    """Something that can be there once only, and is there already."""

    code = "taken"


class EmailTaken(Taken):
    """A second account of the same e-mail address."""

    code = "email_taken"

    def __init__(self, email: str) -> None:
        super().__init__(f"there is an account of {shown(email)} already", email=shown(email))


class DomainTaken(Taken):
    """A domain that is somebody's already."""

    code = "domain_taken"

    def __init__(self, host: str) -> None:
        super().__init__(f"the domain {shown(host)} is registered already", domain=shown(host))


class LimitReached(Taken):
    """One more of something than one may have."""

    code = "limit_reached"


class LastAdministrator(Taken):
    """The removal of the only one who could let others in again."""

    code = "last_administrator"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{shown(email)} is the only administrator: make somebody else one first",
            email=shown(email),
        )


class DomainUnproven(Taken):
    """A domain at which nobody has shown the proof yet."""

    code = "domain_unproven"


class WrongCredentials(PmdaemonError):
    """An e-mail address and a password that do not belong together."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("invalid email or password")


class SignatureWrong(PmdaemonError):
    """A call of a webhook by somebody who has not its secret."""

    code = "signature_wrong"

    def __init__(self) -> None:
        super().__init__("the signature of this call is missing, or not good")


class RegistrationClosed(PmdaemonError):
    """A registration by somebody who was not asked to."""

    code = "registration_closed"


class NotForPrograms(PmdaemonError):
    """Something that only a person who has signed in may do."""

    code = "not_for_programs"


class TooManyAttempts(PmdaemonError):
    """One more try after many wrong ones; `wait` is in seconds."""

    code = "too_many_attempts"

    def __init__(self, wait: int) -> None:
        super().__init__(
            f"too many wrong passwords for this account from this address; try again in {wait} s",
            retry_after=wait,
        )

    @property
    def wait(self) -> int:
        """Seconds until another try is heard."""
        wait = self.details.get("retry_after")
        return wait if isinstance(wait, int) else 1
