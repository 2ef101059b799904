"""Menus by soft actor-critic: the agent finds the best menu of a small world; the solver chooses among those met."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from small_tables import table_answers, table_problem
from torch import Tensor

from recourse_arena import ArenaError, Feature, FeatureTable, Groups, Kind, Menu, MenuAsked, Move, Problem, Role
from recourse_arena.base.randomness import generator
from recourse_arena_fair_sac import FairSac
from recourse_arena_fair_sac.composing import _validating, best, some
from recourse_arena_fair_sac.layers import Adam
from recourse_arena_fair_sac.sac import SAC, Learning
from recourse_arena_fair_sac.search import Met, search
from recourse_arena_fair_sac.world import Worlds
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.composing import Composer, Wish
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.ladders import Ladder, Ladders
from recourse_arena_menus.rewards import Rewards

_RUNGS = 46
_QUICK = Learning(actor=(32, 32), critic=(64, 64), rate=3e-3, batch=64)


def ladders(*kinds: Kind, rungs: int = _RUNGS) -> Ladders:
    """Return ladders of moves up, the first of which leaves the feature."""
    levels = tuple(str(level) for level in range(rungs))
    features = [
        Feature(f"f{j}", kind, Role.ACTIONABLE, levels=levels if kind is Kind.ORDINAL else ())
        for j, kind in enumerate(kinds)
    ]
    up = [float(rung) for rung in range(1, rungs)]
    made = [Ladder.between(j, [], [(Move.ADD, amount) for amount in up]) for j in range(len(kinds))]
    return Ladders(FeatureTable(tuple(features)), tuple(made))


def score(menus: Tensor) -> tuple[Tensor, Tensor]:
    """Return the published reward, and success, where one feature helps everybody and another one group alone.

    Of 400 people those are helped whose need, up to 39 rungs, is met; success takes 95 % of each group.
    """
    draws = torch.Generator().manual_seed(5)
    need, group = 39 * torch.rand(400, generator=draws), torch.arange(400) % 2
    rungs = menus[:, 0].float()
    works = rungs[:, :1] + torch.where(group == 0, rungs[:, 1:], 0.0) > need
    shares = torch.stack([works[:, group == g].float().mean(1) for g in (0, 1)], 1)
    apart = (shares[:, 0] - shares[:, 1]).abs()
    success = (shares.mean(1) >= 0.95) & (apart <= 0.09)
    reward = 50 * (1.1 * shares.mean(1) + works.any(1).float() - apart) - 15 * rungs.sum(1) / (_RUNGS - 1)
    return reward + 1000 * success, success


def searched(seed: int, update_every: int = 8, steps: int = 960) -> Met:
    worlds = Worlds(ladders(Kind.CONTINUOUS, Kind.CONTINUOUS), 1, 8, score)
    return search(worlds, generator(seed, "test"), steps=steps, update_every=update_every, learning=_QUICK)


def test_the_agent_finds_the_best_menu_of_all_and_acting_at_random_does_not():
    every = torch.cartesian_prod(torch.arange(_RUNGS), torch.arange(_RUNGS))[:, None]
    reward, success = score(every)
    assert success.float().mean() < 0.3
    learnt, random = searched(0), searched(0, update_every=10**6)
    assert torch.equal(learnt.best, every[reward.argmax()])
    assert learnt.reward == float(reward.max()) > random.reward
    assert score(learnt.successes)[1].all()
    assert (learnt.successes == learnt.best).flatten(1).all(1).any()
    assert len(learnt.successes.unique(dim=0)) == len(learnt.successes)


def test_what_is_met_depends_on_the_seed_alone():
    before = torch.random.get_rng_state()
    torch.manual_seed(3)
    one = searched(1, steps=320)
    torch.manual_seed(4)
    other = searched(1, steps=320)
    assert torch.equal(one.successes, other.successes)
    assert torch.equal(one.best, other.best)
    assert not torch.equal(one.best, searched(2, steps=320).best)
    state = torch.random.get_rng_state()
    searched(1, steps=160)
    assert torch.equal(state, torch.random.get_rng_state())
    torch.random.set_rng_state(before)


def test_a_gradient_step_moves_critics_towards_what_they_are_told_and_the_actor_up():
    draws = generator(0, "test")
    agent = SAC(3, 2, 512, replace(_QUICK, discount=0.0), draws)
    state, act = torch.zeros(512, 3), 2 * torch.rand((512, 2), generator=draws) - 1
    agent.remember(state, act, 4 * act[:, 1], state, torch.ones(512, dtype=torch.bool))
    for _ in range(150):
        agent.learn()
    worth = agent.critics(torch.tensor([[0.0, 0, 0, 0, 0.9], [0.0, 0, 0, 0, -0.9]]))[..., 0]
    torch.testing.assert_close(worth, torch.tensor([[3.6, -3.6]] * 2), atol=0.6, rtol=0)
    assert agent.act(state[:1], draw=False)[0, 1] > 0.8
    assert agent.act(state)[:, 1].mean() > 0.5
    assert agent.log_temperature < 0  # it is surer of what to do than it need be


def test_what_comes_later_counts_until_an_episode_ends():
    draws = generator(0, "test")
    agent = SAC(1, 2, 512, replace(_QUICK, discount=0.5, follow=0.1), draws)
    agent.log_temperature.data.fill_(-20.0)
    late = (torch.arange(512) % 2 == 1)[:, None].float()  # of two steps, the second is rewarded and the last
    act = 2 * torch.rand((512, 2), generator=draws) - 1
    agent.remember(late, act, late[:, 0], torch.ones(512, 1), late[:, 0] > 0)
    for _ in range(200):
        agent.learn()
    worth = agent.critics(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))[..., 0]
    torch.testing.assert_close(worth, torch.tensor([[0.5, 1.0]] * 2), atol=0.1, rtol=0)


def test_slopes_are_those_of_autograd():
    draws = generator(0, "test")
    agent = SAC(5, 2, 64, replace(_QUICK, batch=48), draws)
    state, act = torch.randn(64, 5, generator=draws), 2 * torch.rand((64, 2), generator=draws) - 1
    agent.remember(state, act, torch.randn(64, generator=draws), state.roll(1, 0), torch.arange(64) % 3 == 0)
    agent.log_temperature.fill_(-0.7)
    expected = slopes(agent)
    for adam in (agent.steps_of_actor, agent.steps_of_critics, agent.steps_of_temperature):
        adam.rate = 0.0
    agent.learn()
    for found, by_autograd in zip((agent.actor.slopes, agent.critics.slopes), expected, strict=True):
        torch.testing.assert_close(found.double(), by_autograd, rtol=1e-4, atol=1e-6)


def slopes(agent: SAC) -> list[Tensor]:
    """Return the slopes of the actor's and the critics' losses of the next gradient step, in double precision."""
    draws = torch.Generator()
    draws.set_state(agent.draws.get_state())
    parts = [part.parameters.double().requires_grad_() for part in (agent.actor, agent.critics)]
    rows = torch.randint(agent.remembered, (agent.learning.batch,), generator=draws)
    state, act, reward, after, ended = (kept[rows].double() for kept in agent.memory)
    temperature = agent.log_temperature.double().exp()

    def drawn(seen: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_sd = network(parts[0], agent.actor.widths, 1, seen)[0].chunk(2, 1)
        normal = torch.distributions.Normal(mean, log_sd.clamp(-20, 2).exp())
        free = mean + normal.scale * torch.randn(mean.shape, generator=draws).double()
        return free.tanh(), (normal.log_prob(free) - (1 - free.tanh() ** 2 + 1e-6).log()).sum(1)

    def worth(seen: Tensor, acts: Tensor) -> Tensor:
        return network(parts[1], agent.critics.widths, 2, torch.cat([seen, acts], 1))[..., 0]

    then, log = drawn(after)
    wanted = reward[:, 0] + agent.learning.discount * (1 - ended[:, 0]) * (
        worth(after, then).amin(0) - temperature * log
    )
    losses = [((worth(state, act) - wanted.detach()) ** 2 / 2).mean(1).sum()]
    now, log = drawn(state)
    losses.append((temperature * log - worth(state, now).amin(0)).mean())
    return [torch.autograd.grad(loss, part)[0] for loss, part in zip(losses[::-1], parts, strict=True)]


def network(parameters: Tensor, widths: tuple[int, ...], networks: int, x: Tensor) -> Tensor:
    """Return the outputs of networks whose layers stand one after the other, each a matrix and its bias."""
    hidden, first = x.expand(networks, *x.shape), 0
    for place, (ins, outs) in enumerate(pairwise(widths)):
        size = networks * (ins + 1) * outs
        layer = parameters[first : first + size].view(networks, ins + 1, outs)
        hidden, first = (hidden.relu() if place else hidden) @ layer[:, :-1] + layer[:, -1:], first + size
    return hidden


def test_steps_are_those_of_adam():
    draws = generator(0, "test")
    mine, theirs = (torch.zeros(5) for _ in range(2))
    adam, torchs = Adam(mine, 0.1), torch.optim.Adam([theirs], lr=0.1)
    for _ in range(20):
        theirs.grad = torch.randn(5, generator=draws)
        adam.step(theirs.grad)
        torchs.step()
    torch.testing.assert_close(mine, theirs)


def test_acts_have_the_density_that_they_are_drawn_with():
    agent = SAC(1, 1, 1, _QUICK, generator(0, "test"))
    drawn = agent._drawn(torch.zeros(20_000, 1))
    acts, logs = drawn.act, drawn.log
    part = (acts[:, 0] > 0.1) & (acts[:, 0] < 0.2)
    expected = part.float().mean() / 0.1
    torch.testing.assert_close(logs[part].exp().mean(), expected, atol=0.05, rtol=0.1)


def test_a_step_moves_one_entry_by_up_to_three_rungs_or_one_level():
    worlds = Worlds(
        ladders(Kind.CONTINUOUS, Kind.ORDINAL, rungs=5), 2, 3, lambda m: (m.sum((1, 2)) * 1.0, m[:, 1, 0] > 3)
    )
    assert (worlds.seen() == -1).all()
    came = worlds.step(torch.tensor([[-0.9, 0.7], [0.9, 0.1], [0.1, -0.9]]))
    assert came.menus.flatten(1).tolist() == [[2, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert came.reward.tolist() == [2.0, 1.0, 0.0]
    assert came.after.tolist() == [[0.0, -1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -0.5], [-1.0] * 4]
    came = worlds.step(torch.tensor([[-1.0, 1.0], [1.0, -0.3], [0.1, 1.0]]))
    assert came.menus.flatten(1).tolist() == [[4, 0, 0, 0], [0, 0, 0, 0], [0, 0, 3, 0]]
    assert not came.success.any()
    came = worlds.step(torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.2, 1.0]]))
    assert came.success.tolist() == [False, False, True]
    assert came.after[2].tolist() == [-1.0, -1.0, 1.0, -1.0]
    assert worlds.menus.flatten(1).tolist() == [[4, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_an_episode_without_success_ends_by_its_length():
    never = Worlds(ladders(Kind.CONTINUOUS), 1, 1, lambda m: (m.sum((1, 2)) * 1.0, m[:, 0, 0] < 0), horizon=2)
    rungs = [int(never.step(torch.ones(1, 2)).menus) for _ in range(4)]
    assert rungs == [3, 6, 3, 6]


def grouped(seed: int = 1, asked: MenuAsked | None = None) -> Problem:
    problem = table_problem(seed, rules=False, strict=0.25)
    features = problem.features
    problem = replace(problem, draw=lambda people, draws: table_answers(people, features, draws, most=len(features)))
    groups = Groups(("a", "b"), (torch.arange(len(problem.training)) % 3 == 0).long())
    problem = replace(problem, protected=groups, menu=asked or MenuAsked(size=2))
    return problem.seen_by(FairSac().knows)


def test_some_of_an_audience_weigh_each_group_as_all_of_them():
    people = Audience.of(grouped(), seed=0, most=10**6)
    few = some(people, 30)
    assert few.sizes.tolist() == [15, 15]
    for kept in (few, people):
        weights = torch.zeros(2, dtype=torch.float64).index_add(0, kept.group, kept.share)
        torch.testing.assert_close(weights, torch.tensor([0.5, 0.5]).double())
    assert len(some(people, 10**6)) == len(people)


def test_of_menus_the_one_is_best_that_costs_the_average_person_least():
    problem = grouped()
    ladders = Ladders.of(problem)
    effects = Effects(problem, ladders, Audience.of(problem, seed=0, most=10**6))
    draws = generator(0, "test")
    menus = torch.stack([torch.randint(int(wide), (50, 2), generator=draws) for wide in ladders.widths], 2)
    composer = Composer(effects, Wish(MenuAsked()), 2, seed=0)
    paid = []
    for menu in menus:
        numbers = effects.ask(menu)
        nothing = effects.audience.dearest
        cost = torch.where(effects.works[numbers], effects.cost[numbers], torch.inf).amin(0).double().clamp(max=nothing)
        paid.append(float((cost * effects.audience.share).sum()))
    order = sorted(range(50), key=paid.__getitem__)
    assert best(composer, menus, 3).tolist() == menus[order[:3]].tolist()
    twice = torch.cat([menus, menus[order[:1]].flip(1)])
    assert best(composer, twice).tolist() == [menus[order[0]].tolist(), menus[order[0]].flip(0).tolist()]


def tried(problem: Problem, **options: int) -> Menu:
    solver = FairSac(**{"steps": 320, "update_every": 64, **options})
    solver.fit(problem, seed=0)
    return solver.menu


@pytest.mark.parametrize("objective", ["ee-micro", "ee-macro", "ecr", "hybrid"])
def test_the_menu_is_a_success_where_one_was_met_and_else_of_the_highest_reward(objective):
    problem = grouped(asked=MenuAsked(size=3, objective=objective, share=0.3))
    menu = tried(problem)
    assert (menu.clusters, menu.size) == (1, 3)
    effects = Effects(problem, Ladders.of(problem), Audience.of(problem, seed=0, most=10**6))
    reward, success = Rewards(effects, problem.menu)(effects.add(menu)[None])
    assert reward > 0  # that of doing nothing
    assert bool(success) == (objective == "ecr")  # few can be helped here at all


def test_equal_menus_are_told_apart_by_validation_people():
    problem = grouped()
    composer = Composer(
        Effects(problem, Ladders.of(problem), Audience.of(problem, seed=0, most=10**6)), Wish(problem.menu), 2, seed=0
    )
    late = replace(problem, validation=problem.training[torch.arange(250, 300)])
    composer.effects.problem = late
    people = _validating(composer, 1, seed=0).audience
    assert torch.equal(people.request.factual.sort(0).values, late.asking(late.validation).sort(0).values)
    assert len(people.names) == 1


def test_each_cluster_has_an_agent_of_its_own():
    problem = grouped(asked=MenuAsked(size=2, clusters=2))
    menu = tried(problem)
    assert (menu.clusters, menu.size) == (2, 2)
    assert not torch.equal(menu.amounts[0], menu.amounts[1])
    assert set(menu.cluster_of(problem.training.x, problem.features).tolist()) == {0, 1}


@pytest.mark.parametrize("options", [{"steps": 0}, {"worlds": 2.5}, {"update_every": True}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ArenaError, match=f"solver fair-sac: {next(iter(options))} must be"):
        FairSac(**options)
