"""A plugin for tests: solvers that are hostile, or merely careless, each in a way of its own.

Every one of them recommends what `plain` recommends. So whatever it does beside, its rows must be those of `plain`, or
its cell must have failed; and nobody else's rows may change.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import json
import os
import random
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tiny
import torch
from torch import Tensor, nn

from recourse_arena import Knowledge, Recommendation, hookimpl

ACTS: dict[str, Hostile] = {}  # noqa: F821


class Plain(tiny.Top):
    """Every other person's actionable features go to the top; the others stay where they are."""

    name = "plain"
    knows = frozenset(Knowledge)

    def recommend(self, request):
        top = request.snap(torch.full_like(request.factual, 1e9))
        odd = (request.person % 2 == 1)[:, None]
        return Recommendation.do(request.actionable & odd, torch.where(odd, top, request.factual))


@dataclass
class Case:
    """What an act works on: the problem, the request where there is one, and what `plain` says to it."""

    solver: Any
    problem: Any
    request: Any = None
    answer: Any = None


def act(when: str) -> Callable:
    """Make a solver of a function that acts on a case, before (`fit`, `asked`) or instead of (`answers`) the answer."""

    def made(function: Callable) -> Callable:
        name = function.__name__.replace("_", "-")

        class Hostile(Plain):
            def fit(self, problem, *, seed):
                super().fit(problem, seed=seed)
                if when == "fit":
                    function(Case(self, problem))

            def recommend(self, request):
                answer = super().recommend(request)
                case = Case(self, self.problem, request, answer)
                if when == "asked":
                    function(case)
                return function(case) if when == "answers" else answer

        Hostile.name, Hostile.__doc__ = name, function.__doc__ or name
        Hostile.__qualname__ = Hostile.__name__ = f"Hostile_{function.__name__}"
        globals()[Hostile.__name__] = Hostile
        ACTS[name] = Hostile
        return function

    return made


def yes(*given: Any, **more: Any) -> Any:
    """Say yes, whatever is asked."""
    found = next((one for one in given if isinstance(one, Tensor)), torch.zeros(1))
    return torch.ones(found.shape[:1], dtype=torch.bool)


def patched(where: Any, name: str, value: Any) -> None:
    """Replace something, also where it is read-only."""
    with contextlib.suppress(AttributeError, TypeError):
        setattr(where, name, value)


# Libraries


@act("fit")
def torch_where(case):
    patched(torch, "where", lambda condition, one, other: one if isinstance(one, Tensor) else other)


@act("fit")
def torch_comparison(case):
    patched(Tensor, "__ge__", lambda self, other: torch.ones_like(self, dtype=torch.bool))
    patched(Tensor, "__gt__", lambda self, other: torch.ones_like(self, dtype=torch.bool))


@act("fit")
def torch_sum(case):
    patched(Tensor, "sum", lambda self, *given, **more: torch.zeros(self.shape[:1]))


@act("fit")
def torch_finite(case):
    patched(Tensor, "isfinite", lambda self: torch.zeros_like(self, dtype=torch.bool))


@act("fit")
def torch_linear(case):
    patched(nn.Linear, "forward", lambda self, x: torch.full((*x.shape[:-1], self.out_features), 9.0))


@act("fit")
def torch_relu(case):
    patched(nn.ReLU, "forward", lambda self, x: nn.functional.softplus(x))
    patched(torch, "relu", nn.functional.softplus)


@act("fit")
def torch_module_call(case):
    patched(nn.Module, "__call__", lambda self, *given: torch.ones(len(given[0])))


@act("fit")
def torch_global_hook(case):
    nn.modules.module.register_module_forward_hook(lambda module, given, out: torch.full_like(out, 9.0))


@act("fit")
def torch_function_mode(case):
    class Mode(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            out = function(*args, **(kwargs or {}))
            return torch.ones_like(out) if isinstance(out, Tensor) and out.dtype is torch.bool else out

    Mode().__enter__()


@act("fit")
def torch_dispatch_mode(case):
    from torch.utils._python_dispatch import TorchDispatchMode

    class Mode(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            return function(*args, **(kwargs or {}))

    Mode().__enter__()


@act("fit")
def torch_defaults(case):
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)


@act("asked")
def torch_threads(case):
    torch.set_num_threads(3)


@act("fit")
def seeds(case):
    random.seed(0), np.random.seed(0), torch.manual_seed(0)


@act("fit")
def pandas_frames(case):
    patched(pd.DataFrame, "__init__", lambda self, *given, **more: None)
    patched(pd.Series, "map", lambda self, *given, **more: self)


@act("fit")
def arrow_tables(case):
    import pyarrow as pa

    patched(pa, "table", lambda *given, **more: None)
    patched(pa, "array", lambda *given, **more: None)


@act("fit")
def numpy_functions(case):
    patched(np, "isnan", lambda *given: True)
    patched(np, "full", lambda *given, **more: np.ones(1))


@act("fit")
def json_words(case):
    patched(json, "dumps", lambda *given, **more: "{}")
    patched(json, "loads", lambda *given, **more: {})


@act("fit")
def pickles(case):
    import pickle

    import cloudpickle

    patched(pickle, "loads", lambda content: None)
    patched(cloudpickle, "loads", lambda content: (0, "recommend", ()))


@act("fit")
def safe_tensors(case):
    import safetensors.torch

    patched(safetensors.torch, "save", lambda tensors, *more: b"nonsense")


@act("fit")
def structs(case):
    patched(struct, "Struct", None)
    patched(struct, "pack", lambda *given: b"")


@act("fit")
def builtin_functions(case):
    builtins.len = lambda value: 40
    builtins.isinstance = lambda value, kind: True


@act("fit")
def time_itself(case):
    patched(time, "perf_counter", lambda: 0.0)
    patched(time, "monotonic", lambda: 0.0)


# The suite


def _suite(path: str, name: str, value: Any) -> None:
    import importlib

    module, _, owner = path.partition(":")
    found = importlib.import_module(f"recourse_arena.{module}")
    patched(getattr(found, owner) if owner else found, name, value)


@act("fit")
def the_judge(case):
    _suite("judging.judge:Judge", "__call__", lambda self, request, answer: None)


@act("fit")
def the_constraints(case):
    for name in ("judging.constraints", "judging.judge"):
        _suite(name, "violated", lambda request, acted, values: torch.zeros_like(acted))


@act("fit")
def the_check(case):
    _suite("problem.recommendation:Recommendation", "check", lambda self, shape: None)


@act("fit")
def the_metrics(case):
    _suite("execution.worker.measuring:MetricValues", "of", lambda self, people, timings: ({"validity": 1.0}, ()))
    _suite("interfaces.metric:Metric", "compute", lambda *given: 1.0)


@act("fit")
def the_records(case):
    _suite("judging.records", "as_records", lambda columns: None)
    _suite("judging.judge", "as_records", lambda columns: None)


@act("fit")
def the_box(case):
    _suite("people.box:Box", "contains", lambda self, values, whole: torch.ones_like(values, dtype=torch.bool))


@act("fit")
def the_rules(case):
    _suite("people.features:FeatureTable", "broken_rules", lambda self, factual, after: torch.zeros(len(after), 0))


@act("fit")
def the_cost(case):
    _suite("problem.cost:Cost", "__call__", lambda self, *given: torch.zeros(len(given[0])))
    _suite("problem.request:Request", "cost", lambda self, *given: torch.zeros(len(self)))


@act("fit")
def the_decisions(case):
    _suite("problem.decisions_only:DecisionsOnly", "accepts", yes)
    for model in (type(case.problem.decisions), *type(case.problem.decisions).__mro__[:-1]):
        patched(model, "accepts", yes)


@act("fit")
def the_guard(case):
    _suite("execution.guard.guard:Guard", "recommend", lambda self, request: None)


@act("fit")
def the_wire(case):
    _suite("execution.solving.process", "packed", lambda *given: b"\0" * 64)


@act("fit")
def the_cache(case):
    _suite("storage.artefact_cache:ArtefactCache", "get", lambda self, *given: ({}, 0.0))
    _suite("storage.files", "write_atomically", lambda path, content: None)


# What it is handed


@act("fit")
def weights(case):
    with torch.no_grad():
        for parameter in case.problem.decisions.parameters():
            parameter.add_(5.0)


@act("fit")
def weights_swapped(case):
    for module in case.problem.decisions.modules():
        if isinstance(module, nn.Linear):
            module.bias = nn.Parameter(torch.full_like(module.bias, 5.0))


@act("fit")
def forward_hook(case):
    case.problem.decisions.register_forward_hook(lambda module, given, out: out + 9.0)
    for module in case.problem.decisions.modules():
        module.register_forward_hook(lambda module, given, out: out + 9.0)


@act("fit")
def accepts_attribute(case):
    object.__setattr__(case.problem.decisions, "accepts", yes)
    object.__setattr__(case.problem.decisions, "logit", lambda x: torch.full(x.shape[:-1], 9.0))


@act("fit")
def smooth_activation(case):
    for module in case.problem.decisions.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.Softplus())


@act("fit")
def weight_norm(case):
    for module in case.problem.decisions.modules():
        if isinstance(module, nn.Linear):
            torch.nn.utils.parametrizations.weight_norm(module)


@act("fit")
def flow_in_double(case):
    case.problem.flow.double()


@act("fit")
def flow_in_half(case):
    case.problem.flow.half()
    case.problem.decisions.half()


@act("fit")
def flow_density(case):
    object.__setattr__(case.problem.flow, "log_density", lambda x: torch.zeros(x.shape[:-1]))


@act("fit")
def flow_weights(case):
    with torch.no_grad():
        for parameter in case.problem.flow.parameters():
            parameter.zero_()


@act("fit")
def training_mode(case):
    case.problem.flow.train().requires_grad_(True)


@act("fit")
def the_equations(case):
    for value in vars(case.problem.scm).values():
        if isinstance(value, dict):
            value.clear()


@act("fit")
def the_graph(case):
    with contextlib.suppress(TypeError, AttributeError):
        case.problem.graph.parents.clear()
    object.__setattr__(case.problem.graph, "parents", {})


@act("fit")
def feature_mask(case):
    case.problem.features.actionable.fill_(True)


@act("fit")
def feature_levels(case):
    for feature in case.problem.features:
        object.__setattr__(feature, "levels", ("x",))
        object.__setattr__(feature, "role", "actionable")


@act("fit")
def the_profile(case):
    object.__setattr__(case.problem.profile, "highest", 0.0)
    object.__setattr__(case.problem, "profile", None)


@act("fit")
def training_people(case):
    case.problem.training.x.zero_()
    case.problem.validation.x.zero_()


@act("fit")
def cost_scale(case):
    for value in vars(case.problem.cost).values():
        if isinstance(value, Tensor):
            value.zero_()


@act("fit")
def feasible_box(case):
    case.problem.box.upper.fill_(1e9)


@act("asked")
def factual_people(case):
    case.request.factual.zero_()


@act("asked")
def shared_mask(case):
    case.request.actionable.logical_and_(torch.zeros_like(case.request.actionable))


@act("asked")
def personal_box(case):
    case.request.box.upper.fill_(1e9)
    object.__setattr__(case.request, "box", None)


@act("asked")
def person_numbers(case):
    case.request.person.fill_(0)


@act("asked")
def everything_in_memory(case):
    for value in gc.get_objects():
        if type(value) is Tensor and value.dtype is torch.float32 and value.numel() < 1000:
            with contextlib.suppress(RuntimeError), torch.no_grad():
                value.data.fill_(1.0)


# The process


def _later() -> None:
    while True:
        patched(Tensor, "__ge__", lambda self, other: torch.ones_like(self, dtype=torch.bool))
        time.sleep(0.001)


@act("fit")
def thread_that_goes_on(case):
    threading.Thread(target=_later, daemon=True).start()


@act("asked")
def threads_that_are_waited_for(case):
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(3600,)).start()


@act("fit")
def fork_that_goes_on(case):
    if os.fork() == 0:
        time.sleep(3600)


@act("fit")
def fork_that_hides(case):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)


@act("asked")
def fork_that_returns(case):
    os.fork()


@act("asked")
def alarm(case):
    signal.alarm(1)


@act("asked")
def signals_ignored(case):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)


@act("asked")
def end_of_parent(case):
    os.kill(os.getppid(), signal.SIGTERM)


@act("asked")
def kill_of_parent(case):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.2)


@act("asked")
def stop_of_parent(case):
    os.kill(os.getppid(), signal.SIGSTOP)


@act("asked")
def stop_of_the_run(case):
    import psutil

    psutil.Process(os.getppid()).parent().suspend()


@act("asked")
def kill_of_group(case):
    os.killpg(0, signal.SIGKILL)


@act("asked")
def closed_lines(case):
    os.closerange(3, 100)


@act("asked")
def closed_standards(case):
    os.closerange(0, 3)
    sys.stdout = sys.stderr = None


@act("asked")
def noise_on_lines(case):
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, b"\x05\0\0\0\0\0\0\0hello" * 3)


@act("asked")
def endless_frame(case):
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, (1 << 60).to_bytes(8, "little"))


@act("asked")
def pickle_on_lines(case):
    import pickle

    class Bomb:
        def __reduce__(self):
            return os.system, ("touch exploded",)

    content = pickle.dumps(Bomb())
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, len(content).to_bytes(8, "little") + content)


@act("asked")
def answers_twice(case):
    from recourse_arena.execution.solving.wire import packed

    everything = torch.ones_like(case.answer.mask)
    tensors = {"mask": everything, "values": case.request.factual + 100, "outcome": case.answer.outcome}
    for number in range(1, 30):
        content = packed(number, "done", {"notes": []}, tensors)
        for line in range(3, 64):
            with contextlib.suppress(OSError):
                os.write(line, len(content).to_bytes(8, "little") + content)


@act("asked")
def odd_answers(case):
    content = json.dumps({"number": [1], "kind": {}, "notes": 3}).encode()
    frame = struct.pack("<I", len(content)) + content
    for line in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(line, len(frame).to_bytes(8, "little") + frame)


@act("asked")
def leaves_at_once(case):
    os._exit(0)


@act("asked")
def keyboard_interrupt(case):
    raise KeyboardInterrupt


@act("asked")
def generator_exit(case):
    raise GeneratorExit


@act("asked")
def system_exit(case):
    sys.exit(0)


@act("asked")
def base_exception(case):
    class Odd(BaseException):
        pass

    raise Odd


@act("asked")
def silent_exception(case):
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

        __repr__ = __str__

    raise Silent


@act("fit")
def interrupted_fit(case):
    raise KeyboardInterrupt


@act("asked")
def recursion(case):
    sys.setrecursionlimit(60)


@act("asked")
def few_files(case):
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))


@act("asked")
def another_folder(case):
    os.chdir("/")


@act("asked")
def environment(case):
    os.environ.clear()


@act("asked")
def modules_purged(case):
    for name in [name for name in sys.modules if name.startswith("recourse_arena")]:
        del sys.modules[name]


@act("fit")
def imports_hooked(case):
    sys.meta_path.insert(0, None)


@act("fit")
def no_collection(case):
    gc.disable()
    gc.set_threshold(0)


@act("fit")
def at_exit(case):
    import atexit

    atexit.register(time.sleep, 3600)


@act("fit")
def tracing(case):
    sys.settrace(lambda *given: None)
    sys.setprofile(lambda *given: None)


@act("asked")
def tells_too_much(case):
    for share in range(100_000):
        case.problem.report(share, float("nan"))


# Files


def _folders() -> tuple[Path, ...]:
    return Path(os.environ["RECOURSE_ARENA_CACHE"]), *map(Path, os.environ.get("HOSTILE_FOLDERS", "").split(os.pathsep))


@act("asked")
def planted_models(case):
    """Overwrite what lies in the cache, under its own key and with a digest that fits."""
    from safetensors import safe_open
    from safetensors.torch import save

    from recourse_arena.base.keys import digest

    for file in _folders()[0].rglob("*.safetensors"):
        with safe_open(file, "pt") as opened:
            said = opened.metadata()
            tensors = {name: torch.ones_like(opened.get_tensor(name)) for name in opened.keys()}  # noqa: SIM118
        file.write_bytes(save(tensors, {**said, "sha256": digest(tensors)}))


@act("asked")
def planted_cells(case):
    """Copy files of cells, with everybody valid, under names that fit."""
    import hashlib

    import pyarrow as pa
    import pyarrow.parquet as pq

    for folder in _folders()[1:]:
        for file in folder.rglob("cells/*.parquet"):
            rows = pq.read_table(file)
            valid = pa.array([True] * len(rows))
            changed = rows.set_column(rows.column_names.index("valid"), "valid", valid)
            sink = pa.BufferOutputStream()
            pq.write_table(changed, sink)
            content = sink.getvalue().to_pybytes()
            (file.parent / f"{hashlib.sha256(content).hexdigest()[:32]}.parquet").write_bytes(content)


@act("asked")
def deleted_cells(case):
    for folder in _folders()[1:]:
        for file in [*folder.rglob("cells/*.parquet"), *folder.rglob("advice/*.parquet")]:
            file.unlink(missing_ok=True)


# Answers


@act("answers")
def outcomes_as_floats(case):
    return replace(case.answer, outcome=case.answer.outcome.float())


@act("answers")
def outcomes_as_truth(case):
    return replace(case.answer, outcome=case.answer.outcome.bool())


@act("answers")
def outcomes_beyond(case):
    return replace(case.answer, outcome=torch.full_like(case.answer.outcome, 99))


@act("answers")
def outcomes_complex(case):
    return replace(case.answer, outcome=case.answer.outcome.to(torch.complex64))


@act("answers")
def values_in_half(case):
    return replace(case.answer, values=case.answer.values.half())


@act("answers")
def values_brain_floats(case):
    return replace(case.answer, values=case.answer.values.bfloat16())


@act("answers")
def values_sparse(case):
    return replace(case.answer, values=case.answer.values.to_sparse())


@act("answers")
def values_nowhere(case):
    return replace(case.answer, values=case.answer.values.to("meta"))


@act("answers")
def values_expanded(case):
    return replace(case.answer, values=case.answer.values[:1].expand(len(case.answer.mask), -1)[:, :1])


class Sly(Tensor):
    """A tensor that says what is wanted of it."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        with torch._C.DisableTorchFunctionSubclass():
            out = function(*args, **(kwargs or {}))
        return torch.zeros_like(out) if isinstance(out, Tensor) and out.dtype is torch.bool else out


@act("answers")
def sly_tensors(case):
    return replace(case.answer, mask=case.answer.mask.as_subclass(Sly), values=case.answer.values.as_subclass(Sly))


@act("answers")
def sly_recommendation(case):
    class Better(Recommendation):
        def check(self, shape):
            return None

        @property
        def solved(self):
            return torch.ones(len(self.mask), dtype=torch.bool)

    answer = case.answer
    return Better(answer.mask, answer.values, answer.outcome)


@act("answers")
def kept_tensors(case):
    """Change the answer after it was given."""
    answer = replace(case.answer)
    threading.Timer(0.05, lambda: answer.values.fill_(0.0)).start()
    return answer


@act("answers")
def proves_too_much(case):
    """Claim a lower bound that nobody reaches; the alarm is told, and nobody's gap comes from it."""
    return replace(case.answer, lower_bound=torch.full((len(case.answer.mask),), 1e6))


@hookimpl
def recourse_solvers():
    return [Plain, *ACTS.values()]
