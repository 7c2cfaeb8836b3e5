"""The lives that officers lead, and how often each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.crash import bonds, officers
from tests.crash.crowd import Crowd
from tests.crash.life import File, Life, University
from tests.support.scenes import SUMMARY, form, walk


async def _files(life: Life, crowd: Crowd, where: University) -> str:
    await officers.register(life)
    await officers.fills(life, crowd, where)
    return await officers.sends(life)


async def qualifies(life: Life, crowd: Crowd) -> None:
    where = life.rng.choice(crowd.universities)
    code = await _files(life, crowd, where)
    await officers.is_qualified(life, crowd, where, code)


async def mends(life: Life, crowd: Crowd) -> None:
    where = life.rng.choice(crowd.universities)
    code = await _files(life, crowd, where)
    await officers.mends(life, where, code)
    if (told := await officers.is_decided(life, code)) is not None:
        await officers.pays(life, crowd, told)


async def rejected(life: Life, crowd: Crowd) -> None:
    """Rejected for the papers, and filed again as it was."""
    where = life.rng.choice(crowd.universities)
    code = await _files(life, crowd, where)
    await officers.is_rejected(life, where, code, "reject")
    await walk(life.here, [], SUMMARY)
    life.did("qualification.started")
    code = await officers.sends(life)
    await officers.is_qualified(life, crowd, where, code)


async def elsewhere(life: Life, crowd: Crowd) -> None:
    """Filed in the wrong region, rejected, and filed in the right one."""
    wrong, right = life.rng.sample(list(crowd.universities), 2)
    code = await _files(life, crowd, wrong)
    await officers.is_rejected(life, wrong, code, "wrong region")
    await walk(life.here, form(province=right.province, city=right.city)[3:5], SUMMARY)
    life.did("qualification.started")
    code = await officers.sends(life)
    await officers.is_qualified(life, crowd, right, code)


async def withdraws(life: Life, crowd: Crowd) -> None:
    """Before anybody looked at it, or instead of paying."""
    where = life.rng.choice(crowd.universities)
    code = await _files(life, crowd, where)
    if life.rng.random() < 0.5:
        await where.put(File(life, code, "approve"))
        if await officers.is_decided(life, code) is None:
            return
    await officers.withdraws(life)


async def serves(life: Life, crowd: Crowd) -> None:
    """Qualified, and then picked by a distributor, whose branches are in the first university's province."""
    await qualifies(life, crowd)
    if crowd.places:
        crowd.places -= 1
        await bonds.serves(life, crowd, crowd.universities[0])


async def leaves(life: Life, crowd: Crowd) -> None:
    await officers.register(life)
    await officers.leaves(life)


#: Kind → share, and how it goes.
LIVES: dict[str, tuple[int, Callable[[Life, Crowd], Awaitable[None]]]] = {
    "pays": (3, qualifies),
    "moves": (2, qualifies),
    "mends": (2, mends),
    "serves": (4, serves),
    "rejected": (1, rejected),
    "elsewhere": (1, elsewhere),
    "withdraws": (2, withdraws),
    "leaves": (3, leaves),
}
