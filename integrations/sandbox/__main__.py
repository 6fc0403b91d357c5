"""Runs the sandbox until it is told to stop: `python -m integrations.sandbox --port 0`."""

import asyncio
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable

from aiohttp import web

from integrations.sandbox.options import Options, add_arguments, options_from
from integrations.sandbox.server import make_app

try:
    import uvloop

    new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
except ImportError:  # it does not exist for Windows
    new_loop = asyncio.new_event_loop


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and run."""
    parser = ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    add_arguments(parser)
    run(options_from(vars(parser.parse_args(arguments))))


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; the first line on stdout is where."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_serve(options))


async def _serve(options: Options) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # A caller that hangs up takes its hung request along; one that does not is not waited for.
    runner = web.AppRunner(
        make_app(options), access_log=None, handler_cancellation=True, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, backlog=1024)
        await site.start()
        sys.stdout.write(f"sandbox on http://{_address(runner)}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


if __name__ == "__main__":
    main()
