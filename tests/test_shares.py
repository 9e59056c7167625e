"""A test that hangs, or takes its process with it, costs itself alone: the run goes on and says so."""

import os
import re
import subprocess
import sys
from pathlib import Path

from config.environment import BASE_DIR

CONFTEST = """
import pytest
from tests import shares

shares.SLOW = ("test_",)  # all of them one by one

def pytest_xdist_make_scheduler(config, log):
    return shares.Shares(config, log)

def pytest_exception_interact(node):
    shares.limit_again(node)
"""
TESTS = """
import os, threading
import pytest

def test_first(): pass

def test_dies(): os._exit(3)

@pytest.fixture
def _never_put_away():
    yield
    threading.Event().wait()

def test_fails_and_hangs(_never_put_away): assert False

@pytest.mark.parametrize("number", range(6))
def test_more(number): pass

def test_last_dies_too(): os._exit(3)
"""


def test_the_run_ends_and_names_what_died(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntimeout = 3\ntimeout_method = thread\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"PYTHONPATH": str(BASE_DIR)}
    plugins = ("django", "playwright", "anyio")
    command = [sys.executable, "-m", "pytest", "-n2", *(f"-pno:{name}" for name in plugins), str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
    died = set(re.findall(r"crashed while running '.*::(\w+)'", run.stdout))
    assert died == {"test_dies", "test_fails_and_hangs", "test_last_dies_too"}, run.stdout + run.stderr
    assert "7 passed" in run.stdout
