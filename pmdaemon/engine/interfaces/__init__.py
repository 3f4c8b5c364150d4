"""What the engine needs of the world, in small pieces.

Each is implemented by one adapter and by one fake in `tests/fakes`, and both pass the same suite
in `tests/contracts`.
"""

from pmdaemon.engine.interfaces.access import Revocations, SecretFiles, TokenMint
from pmdaemon.engine.interfaces.certificates import AcmeSettings, CertificateFiles, Certificates
from pmdaemon.engine.interfaces.clock import Cancellable, Clock
from pmdaemon.engine.interfaces.hooks import Delivery, HookDelivery, HookOrder
from pmdaemon.engine.interfaces.lines import (
    Channels,
    DescriptorStore,
    Inputs,
    NotifySocket,
    SharedSockets,
)
from pmdaemon.engine.interfaces.looking import (
    FileWatch,
    HostMetrics,
    ProbeOrder,
    Prober,
    ProcessMetrics,
    TcpProbe,
)
from pmdaemon.engine.interfaces.output import OutputCapture
from pmdaemon.engine.interfaces.programs import (
    Equipment,
    Launcher,
    LaunchFailed,
    LaunchOrder,
    PidNotes,
    ProcessTrees,
)
from pmdaemon.engine.interfaces.serving import (
    GatewayServer,
    GatewaySettings,
    WebServer,
    WebSettings,
)
from pmdaemon.engine.interfaces.storing import (
    AuditLog,
    Changes,
    JournalStore,
    RunHistory,
    StateStore,
    Store,
    Stored,
)

__all__ = [
    "AcmeSettings",
    "AuditLog",
    "Cancellable",
    "CertificateFiles",
    "Certificates",
    "Changes",
    "Channels",
    "Clock",
    "Delivery",
    "DescriptorStore",
    "Equipment",
    "FileWatch",
    "GatewayServer",
    "GatewaySettings",
    "HookDelivery",
    "HookOrder",
    "HostMetrics",
    "Inputs",
    "JournalStore",
    "LaunchFailed",
    "LaunchOrder",
    "Launcher",
    "NotifySocket",
    "OutputCapture",
    "PidNotes",
    "ProbeOrder",
    "Prober",
    "ProcessMetrics",
    "ProcessTrees",
    "Revocations",
    "RunHistory",
    "SecretFiles",
    "SharedSockets",
    "StateStore",
    "Store",
    "Stored",
    "TcpProbe",
    "TokenMint",
    "WebServer",
    "WebSettings",
]
