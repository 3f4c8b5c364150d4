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
