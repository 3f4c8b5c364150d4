from pmdaemon.adapters import pidfd, platforms
from pmdaemon.adapters.pid_handles import PidHandles
from pmdaemon.adapters.pidfd import PidfdHandles
from pmdaemon.adapters.proc_table import ProcReader
from pmdaemon.adapters.psutil_table import PsutilReader


def test_linux_gets_what_is_made_for_it():
    reader = platforms.process_reader()

    assert isinstance(reader, ProcReader)
    assert isinstance(platforms.process_handles(reader), PidfdHandles)


def test_without_proc_and_pidfds_there_are_the_portable_twins(monkeypatch):
    monkeypatch.setattr(platforms, "_PROC", "/no/proc")
    monkeypatch.setattr(pidfd, "is_supported", lambda: False)

    reader = platforms.process_reader()

    assert isinstance(reader, PsutilReader)
    assert isinstance(platforms.process_handles(reader), PidHandles)
