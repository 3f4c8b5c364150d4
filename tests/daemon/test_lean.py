import subprocess
import sys


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LEAN = "import sys; from pmdaemon.daemon import lean; lean.load_asyncio_without_tls(); "


def test_asyncio_is_loaded_without_openssl():
    assert run(LEAN + "print('asyncio' in sys.modules, '_ssl' in sys.modules)") == "True False\n"


def test_nobody_else_is_kept_from_loading_ssl():
    assert run(LEAN + "import ssl; print(ssl.OPENSSL_VERSION_INFO[0] > 0)") == "True\n"


def test_msgspec_is_loaded_without_what_python_has_itself():
    program = "import sys; from pmdaemon.daemon import lean; lean.load_msgspec_alone(); "
    program += "print('msgspec' in sys.modules, 'typing_extensions' in sys.modules); "
    program += "import typing_extensions"

    assert run(program) == "True False\n"


LATER = "import sys; from pmdaemon.daemon import lean; lean.load_later(); "


def test_what_is_loaded_later_is_not_executed_by_who_imports_it():
    program = LATER + "import asyncio, inspect; print({'ast', 'dis'} & {*sys.modules})"

    assert run(program) == "set()\n"


def test_what_is_loaded_later_is_whole_for_who_uses_it():
    program = LATER + (
        "import inspect, types; from urllib import parse; from base64 import b64encode; "
        "print(inspect.isfunction(run := lambda: 1), parse.quote('/ä'), b64encode(b'a'));"
        "print(type(inspect.signature(run)).__name__, hasattr(inspect, 'nothing'))"
    )

    assert run(program) == "True /%C3%A4 b'YQ=='\nSignature False\n"


def test_threads_that_use_at_once_what_is_loaded_later_all_get_it():
    program = (
        LATER
        + """
import inspect
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
together = Barrier(8)
def use(_):
    together.wait()
    return inspect.isclass(int)
with ThreadPoolExecutor(8) as threads:
    print({*threads.map(use, range(8))})
"""
    )

    assert run(program) == "{True}\n"


def test_what_could_not_be_loaded_when_it_was_used_is_loaded_the_next_time():
    program = (
        LATER
        + """
import shlex
loader = shlex.__spec__.loader
execute = loader.exec_module
def fail(module):
    loader.exec_module = execute
    raise OSError("too many open files")
loader.exec_module = fail
try:
    shlex.split("a b")
except OSError as error:
    print(error)
print(shlex.split("a b"))
"""
    )

    assert run(program) == "too many open files\n['a', 'b']\n"


def test_pathlib_is_loaded_without_urls_and_makes_them_when_asked():
    program = "import sys; from pmdaemon.daemon import lean; lean.load_pathlib_without_urls(); "
    program += "import pathlib; print('urllib.parse' in sys.modules); "
    program += "print(pathlib.Path('/a b').as_uri(), 'urllib.parse' in sys.modules)"

    assert run(program) == "False\nfile:///a%20b True\n"


def test_asyncio_that_is_loaded_already_is_left_as_it_is():
    program = "import asyncio.sslproto as before; " + LEAN
    program += "import asyncio.sslproto as after; print(before is after, after.ssl is not None)"

    assert run(program) == "True True\n"


def test_tls_works_when_it_was_given_back():
    program = (
        LEAN
        + """
import asyncio
lean.restore_tls()
import ssl

async def main():
    context = ssl.create_default_context()
    async def refuse(reader, writer):
        writer.close()
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        await asyncio.open_connection("127.0.0.1", port, ssl=context)
    except (ssl.SSLError, ConnectionError) as error:
        print("spoke TLS")
    server.close()

asyncio.run(main())
"""
    )

    assert run(program) == "spoke TLS\n"


def test_the_daemon_that_is_imported_lean_has_no_web_server_and_no_openssl():
    program = LEAN + (
        "import pmdaemon.daemon.lifecycle; "
        "heavy = {'aiohttp', '_ssl', 'cryptography', 'yaml'}; print(sorted(heavy & {*sys.modules}))"
    )

    assert run(program) == "[]\n"
