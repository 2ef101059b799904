"""The suite's decision models: networks, logistic regression, forests, boosted trees, and anybody's ONNX file."""

from __future__ import annotations

__all__ = ["Boosting", "Forest", "Logistic", "Onnx", "Relu", "recourse_decisions"]

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.interfaces.decision import Decision
from recourse_arena.interfaces.hookspecs import hookimpl
from recourse_arena.interfaces.recipes import DecisionRecipe
from recourse_arena.models.decision.options import RECIPE, asked_for, check_threshold, number, share, whole

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.models.decision.onnx_file import OnnxFile
    from recourse_arena.models.decision.onnx_model import EncodedOnnx
    from recourse_arena.models.decision.relu import ReluClassifier
    from recourse_arena.people.features import FeatureTable
    from recourse_arena.people.people import People


class Relu(Decision):
    """A ReLU network on encoded features, trained by gradient descent.

    Arguments are those of :class:`~recourse_arena.interfaces.recipes.DecisionRecipe`.

    Arguments:
        hidden: Widths of the hidden layers, such as `32-32`.
        recipe: All of it at once.
        options: The other fields of a recipe.

    Example:
        >>> Relu(hidden="16-8", optimizer="adam").recipe.hidden
        (16, 8)
    """

    name: ClassVar[str] = "relu"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "a ReLU network on encoded features"
    differentiable: ClassVar[bool] = True
    weighted: ClassVar[bool] = True
    validates: ClassVar[bool] = False
    structure: ClassVar[str] = "affine"

    def __init__(
        self,
        *,
        hidden: str | int = "32-32",
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        epochs: int = 30,
        batch: int = 256,
        negative_weight: float = 1.0,
        standardise_binaries: bool = False,
        recipe: DecisionRecipe | None = None,
    ) -> None:
        options = {name: value for name, value in locals().items() if name in RECIPE}
        self.recipe = recipe or asked_for(DecisionRecipe(), options)

    def fit(
        self,
        features: FeatureTable,
        training: People,
        validation: People,
        *,
        seed: int,
        report: ProgressHook = silent,
        weights: Tensor | None = None,
    ) -> ReluClassifier:
        """Return the network."""
        from recourse_arena.models.decision.fitting import fit_classifier

        return fit_classifier(self.recipe, training, seed=seed, report=report, features=features, weights=weights)

    def state(self, model: ReluClassifier) -> Mapping[str, Tensor]:
        """Return its weights and scale."""
        return model.state_dict()

    def restore(self, features: FeatureTable, state: Mapping[str, Tensor]) -> ReluClassifier:
        """Return the network with weights that were kept."""
        return _restored(features, self.recipe.hidden, state)


class Logistic(Decision):
    """Logistic regression of scikit-learn on encoded features, which are a network without a hidden layer from then on.

    Arguments:
        strength: Inverse strength of the L2 penalty (scikit-learn's `C`).

    Example:
        >>> Logistic(strength=0.1).strength
        0.1
    """

    name: ClassVar[str] = "logistic"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "logistic regression on encoded features"
    differentiable: ClassVar[bool] = True
    weighted: ClassVar[bool] = True
    validates: ClassVar[bool] = False
    structure: ClassVar[str] = "affine"

    def __init__(self, *, strength: float = 1.0) -> None:
        self.strength = number("logistic", "strength", strength)

    def fit(
        self,
        features: FeatureTable,
        training: People,
        validation: People,
        *,
        seed: int,
        report: ProgressHook = silent,
        weights: Tensor | None = None,
    ) -> ReluClassifier:
        """Return the regression."""
        import torch
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        from recourse_arena.models.decision.relu import ReluClassifier
        from recourse_arena.people.encoding import Encoding

        encoding = Encoding.fitted(features, training.x)
        fitted = LogisticRegression(C=self.strength, max_iter=5_000, tol=1e-6)
        with threadpool_limits(1):
            fitted.fit(encoding.encode(training.x).double().numpy(), training.y.numpy(), _array(weights))
        with torch.random.fork_rng(devices=[]):
            model = ReluClassifier(features, ())
        model.set_scale(encoding)
        (last,) = model.layers
        with torch.no_grad():
            last.weight.copy_(torch.from_numpy(fitted.coef_))  # type: ignore[operator]
            last.bias.copy_(torch.from_numpy(fitted.intercept_))  # type: ignore[operator]
        return model.eval().requires_grad_(False)

    def state(self, model: ReluClassifier) -> Mapping[str, Tensor]:
        """Return its weights and scale."""
        return model.state_dict()

    def restore(self, features: FeatureTable, state: Mapping[str, Tensor]) -> ReluClassifier:
        """Return the regression with weights that were kept."""
        return _restored(features, (), state)


class _Trees(Decision):
    """Trees of scikit-learn on encoded features, exported to ONNX, which they are from then on."""

    weighted: ClassVar[bool] = True
    validates: ClassVar[bool] = False
    structure: ClassVar[str] = "trees"

    def fit(
        self,
        features: FeatureTable,
        training: People,
        validation: People,
        *,
        seed: int,
        report: ProgressHook = silent,
        weights: Tensor | None = None,
    ) -> EncodedOnnx:
        """Return the exported model."""
        from threadpoolctl import threadpool_limits

        from recourse_arena.models.decision.onnx_model import EncodedOnnx
        from recourse_arena.people.encoding import Encoding

        encoding = Encoding.fitted(features, training.x)
        z, y = encoding.encode(training.x.float()).numpy(), training.y.numpy().astype(int)
        with threadpool_limits(1):  # so that sums are rounded alike whatever the number of cores
            return EncodedOnnx(encoding, self._exported(z, y, seed, _array(weights)))

    def _exported(self, z: Any, y: Any, seed: int, weights: Any) -> bytes:
        raise NotImplementedError

    def state(self, model: EncodedOnnx) -> Mapping[str, Tensor]:
        """Return the ONNX file's bytes, and the scale of the encoding."""
        from recourse_arena.models.decision.onnx_model import as_tensor

        return {"onnx": as_tensor(model.content), **model.encoding.state}

    def restore(self, features: FeatureTable, state: Mapping[str, Tensor]) -> EncodedOnnx:
        """Return the model of an ONNX file that was kept."""
        from recourse_arena.models.decision.onnx_model import EncodedOnnx, as_bytes
        from recourse_arena.people.encoding import Encoding

        return EncodedOnnx(Encoding.restored(features, state), as_bytes(state["onnx"]))


class Forest(_Trees):
    """A random forest of scikit-learn.

    Arguments:
        trees: Number of trees.
        leaf: Fewest training people in a leaf.
        depth: Most splits above a leaf; by default as many as it takes.
        split: Fewest training people that are split, 2 by default.
        columns: Share of all columns among which each split is chosen, above 0 and at most 1; they are drawn anew for
            each. By default as many as the square root of their number. A category has a column for each level: with
            many levels, that square root leaves out most numbers most of the time.

    Example:
        >>> Forest(trees=50, depth=15).depth
        15
    """

    name: ClassVar[str] = "forest"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "a random forest"

    def __init__(
        self,
        *,
        trees: int = 100,
        leaf: int = 3,
        depth: int | None = None,
        split: int | None = None,
        columns: float | None = None,
    ) -> None:
        self.trees, self.leaf = whole("forest", "trees", trees), whole("forest", "leaf", leaf)
        self.depth = None if depth is None else whole("forest", "depth", depth)
        self.split = 2 if split is None else whole("forest", "split", split, 2)
        self.columns = None if columns is None else share("forest", "columns", columns)

    def _exported(self, z: Any, y: Any, seed: int, weights: Any) -> bytes:
        from sklearn.ensemble import RandomForestClassifier

        from recourse_arena.models.decision.exporting import exported

        fitted = RandomForestClassifier(
            self.trees,
            max_depth=self.depth,
            min_samples_split=self.split,
            min_samples_leaf=self.leaf,
            max_features="sqrt" if self.columns is None else self.columns,
            random_state=seed % 2**32,
            n_jobs=1,
        )
        return exported(fitted.fit(z, y, weights), z[:1])


class Boosting(_Trees):
    """Histogram-based gradient boosting of scikit-learn.

    Arguments:
        trees: Most trees.
        learning_rate: By how much each tree counts.
        leaves: Most leaves of a tree.

    Example:
        >>> Boosting(trees=50).trees
        50
    """

    name: ClassVar[str] = "boosting"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "gradient-boosted trees"

    def __init__(self, *, trees: int = 100, learning_rate: float = 0.1, leaves: int = 31) -> None:
        self.trees, self.leaves = whole("boosting", "trees", trees), whole("boosting", "leaves", leaves)
        self.learning_rate = number("boosting", "learning_rate", learning_rate)

    def _exported(self, z: Any, y: Any, seed: int, weights: Any) -> bytes:
        from sklearn.ensemble import HistGradientBoostingClassifier

        from recourse_arena.models.decision.boosted_onnx import boosted_onnx

        fitted = HistGradientBoostingClassifier(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            early_stopping=False,
            random_state=seed % 2**32,
        )
        return boosted_onnx(fitted.fit(z, y, weights), z.shape[1])


class Onnx(Decision):
    """A model in an ONNX file, of people in original units: anybody's, whatever it was trained with.

    Its inputs are one for each feature, by name, or one table of numbers with a column for each feature (codes of
    levels as declared) or for each feature and level. See
    :class:`~recourse_arena.models.decision.onnx_file.OnnxFile`.

    Arguments:
        file: The file; relative to the current folder.
        favourable: The class that is a positive decision; by default the last one.
        threshold: Least probability of that class for a positive decision; by default the model's own decision.
    """

    name: ClassVar[str] = "onnx"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "a model of your own in an ONNX file (`onnx?file=model.onnx`)"
    validates: ClassVar[bool] = False

    def __init__(self, *, file: str = "", favourable: str | int = "", threshold: float | None = None) -> None:
        if not str(file):
            raise ArenaError("decision model onnx: expected the path of an ONNX file, as in 'onnx?file=model.onnx'")
        self.file, self.favourable = Path(str(file)), str(favourable)
        if threshold is not None:
            check_threshold("decision model onnx", threshold)
        self.threshold = threshold

    def fit(
        self, features: FeatureTable, training: People, validation: People, *, seed: int, report: ProgressHook = silent
    ) -> OnnxFile:
        """Return the model in the file; nothing is trained."""
        model = self._model(features, self._content())
        model.accepts(training.x[:2])  # whoever cannot be asked is an error now
        return model

    def state(self, model: OnnxFile) -> Mapping[str, Tensor]:
        """Return the file's bytes."""
        from recourse_arena.models.decision.onnx_model import as_tensor

        return {"onnx": as_tensor(model.content)}

    def restore(self, features: FeatureTable, state: Mapping[str, Tensor]) -> OnnxFile:
        """Return the model that was kept."""
        from recourse_arena.models.decision.onnx_model import as_bytes

        return self._model(features, as_bytes(state["onnx"]))

    @property
    def files(self) -> tuple[Path, ...]:
        """The file."""
        return (self.file,)

    def _model(self, features: FeatureTable, content: bytes) -> OnnxFile:
        from recourse_arena.models.decision.onnx_file import OnnxFile

        return OnnxFile(features, content, favourable=self.favourable, threshold=self.threshold, what=str(self.file))

    def _content(self) -> bytes:
        try:
            return self.file.read_bytes()
        except OSError as error:
            raise ArenaError(f"decision model onnx: cannot read {self.file}: {error.strerror}") from None


def _array(weights: Tensor | None) -> Any:
    return None if weights is None else weights.double().numpy()


def _restored(features: FeatureTable, hidden: tuple[int, ...], state: Mapping[str, Tensor]) -> ReluClassifier:
    import torch

    from recourse_arena.models.decision.relu import ReluClassifier

    with torch.random.fork_rng(devices=[]):  # new networks have weights at random, which are everybody's draws
        model = ReluClassifier(features, hidden)
    model.load_state_dict(dict(state))
    return model.eval().requires_grad_(False)


@hookimpl
def recourse_decisions() -> list[type[Decision]]:
    """Return the five kinds."""
    return [Boosting, Forest, Logistic, Onnx, Relu]
