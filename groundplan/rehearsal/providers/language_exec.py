"""Run a Pulumi program in this interpreter: the child process of the language host.

Self-contained on purpose (only `pulumi` is imported): it is run by path, by the interpreter of the program's
virtual environment, where `groundplan` need not be installed. The configuration comes in `PULUMI_CONFIG` and
`PULUMI_CONFIG_SECRET_KEYS`, which the SDK reads by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import pulumi
import pulumi.runtime

EXPLAINED_EXIT_CODE = 32
"""The program failed, and the engine has been told why: it prints nothing more."""

_REGISTRATIONS_PER_STEP = 4
_MAX_THREADS = 256


def main() -> int:
    """Run the program named on the command line, inside of its stack resource."""
    parser = argparse.ArgumentParser()
    for name in ("monitor", "engine", "project", "stack", "organization", "root-directory"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--no-debug", action="store_true", help="send the engine no debug messages")
    parser.add_argument("program", help="a folder with a __main__.py, or a file")
    args = parser.parse_args()
    if args.no_debug:
        vars(pulumi.log)["debug"] = lambda *_, **__: None

    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=args.monitor,
            engine=args.engine,
            project=args.project,
            stack=args.stack,
            organization=args.organization,
            root_directory=args.root_directory,
            parallel=args.parallel,
            dry_run=args.dry_run,
        )
    )
    return _run(args.program, args.parallel)


def _run(program: str, parallel: int) -> int:
    sys.argv = [program]
    sys.path[0] = program  # as `python PROGRAM` does; it named this file's folder

    def body() -> None:
        runpy.run_path(program, run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Each registration holds a thread until its resource is done. asyncio's own few threads would keep the
    # engine from doing as much at a time as it is allowed to; a supply of registrations keeps it busy.
    threads = min(max(parallel, 1) * _REGISTRATIONS_PER_STEP, _MAX_THREADS)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=threads))
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(body))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return EXPLAINED_EXIT_CODE
    except Exception as error:  # noqa: BLE001 - whatever the program raises is shown to its author
        pulumi.log.error(f"Program failed with an unhandled exception:\n{_traceback(error)}")
        return EXPLAINED_EXIT_CODE
    finally:
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _traceback(error: BaseException) -> str:
    """The traceback from the program's own first line on, without the frames that started it."""
    frame = error.__traceback__
    while frame and not _of_program(frame):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame or error.__traceback__))


def _of_program(frame: TracebackType) -> bool:
    code = frame.tb_frame
    return code.f_globals.get("__name__") == "__main__" and code.f_code.co_filename != __file__


if __name__ == "__main__":
    sys.exit(main())
