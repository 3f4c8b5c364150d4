"""Accounts and projects on fakes."""

from dataclasses import dataclass, field

from pmdaemon.core.accounts import AccountRules
from pmdaemon.engine.accounts import Accounts
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.platform import Platform
from pmdaemon.engine.project_domains import ProjectDomains
from pmdaemon.engine.project_variables import ProjectVariables
from pmdaemon.engine.projects import Projects
from pmdaemon.engine.webhooks import Webhooks
from tests.fakes.clock import FakeClock
from tests.fakes.domain_prover import FakeDomainProver
from tests.fakes.passwords import FakeHasher
from tests.fakes.platform_store import MemoryPlatformStore
from tests.fakes.project_follower import FakeFollower
from tests.fakes.sealer import FakeSealer
from tests.fakes.tokens import FakeTokenMint


@dataclass
class PlatformOnFakes:
    """Accounts and projects, and the world they believe in."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryPlatformStore = field(default_factory=MemoryPlatformStore)
    mint: FakeTokenMint = field(default_factory=FakeTokenMint)
    hasher: FakeHasher = field(default_factory=FakeHasher)
    sealer: FakeSealer = field(default_factory=FakeSealer)
    prover: FakeDomainProver = field(default_factory=FakeDomainProver)
    follower: FakeFollower = field(default_factory=FakeFollower)
    bus: Bus = field(default_factory=Bus)
    rules: AccountRules = field(default_factory=AccountRules)
    reserved: set[str] = field(default_factory=lambda: {"deploy.example.org"})
    routed: set[str] = field(default_factory=set)
    occupied: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._ids = 0
        self.platform = self.assembled()

    def assembled(self) -> Platform:
        """Build the engine's part anew, as a next daemon would."""
        sealed_by, store, clock = self.sealer, self.store, self.clock
        projects = Projects(
            store=store,
            clock=clock,
            variables=ProjectVariables(
                store=store, clock=clock, sealer=sealed_by, new_id=self.new_id
            ),
            domains=ProjectDomains(
                store=store,
                clock=clock,
                mint=self.mint,
                prover=self.prover,
                reserved=lambda: self.reserved,
                routed=lambda: self.routed,
                new_id=self.new_id,
            ),
            occupied=lambda: self.occupied,
            usual_keep=lambda: 5,
            new_id=self.new_id,
        )
        projects.follow(self.follower)
        return Platform(
            Accounts(
                store=store,
                clock=clock,
                mint=self.mint,
                hasher=self.hasher,
                rules=lambda: self.rules,
                new_id=self.new_id,
                bus=self.bus,
            ),
            projects,
            Webhooks(
                store=store,
                clock=clock,
                mint=self.mint,
                sealer=sealed_by,
                projects=projects,
                new_id=self.new_id,
            ),
            store,
            sealed_by,
        )

    def new_id(self) -> str:
        """Count ids."""
        self._ids += 1
        return f"00000000-0000-4000-8000-{self._ids:012}"
