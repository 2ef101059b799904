"""Models of scikit-learn as ONNX."""

from __future__ import annotations

__all__ = ["exported"]

from typing import Any

from recourse_arena.base.errors import ArenaError, described


def exported(model: Any, example: Any) -> bytes:
    """Return a fitted classifier or pipeline of scikit-learn as ONNX, without the list of maps that it would return.

    Arguments:
        model: The fitted model.
        example: A person as it takes them: an array `(1, columns)`, or a frame.

    Raises:
        ArenaError: If skl2onnx is not installed, or cannot export the model.
    """
    try:
        from skl2onnx import to_onnx
    except ImportError as error:
        raise ArenaError(
            f"a {type(model).__name__} is exported to ONNX, which needs skl2onnx ({error});\n"
            f"`pip install 'recourse-arena[models]'` installs it"
        ) from None
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    try:
        return bytes(to_onnx(model, example, options={id(last): {"zipmap": False}}).SerializeToString())
    except Exception as error:  # whatever its converters come up with
        raise ArenaError(f"a {type(model).__name__} cannot be exported to ONNX: {described(error)}"[:600]) from None
