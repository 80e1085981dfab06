# SPDX-License-Identifier: BSD-2-Clause
"""docs/generated/boot.md: the tasks of start-up, in an order that their needs allow."""

import dataclasses

from generate.declarations import CODE, ROOT, declarations, page, table, unquoted


@dataclasses.dataclass(frozen=True)
class Task:
    """One INIT_TASK."""

    gives: str
    needs: list[str]
    function: str
    path: str


def _tasks() -> list[Task]:
    found = []
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*.cpp")):
            for _, gives, needs, function in declarations(file, "INIT_TASK"):
                found.append(Task(unquoted(gives), unquoted(needs).split(), function.lstrip("&"),
                                  str(file.relative_to(ROOT))))
    return found


def _steps(tasks: list[Task]) -> list[tuple[int, Task]]:
    """Each task with its step: behind the last of what it needs. Refuses needs that nobody gives
    and circles, as the kernel does at boot."""
    given = {task.gives for task in tasks}
    for task in tasks:
        for need in task.needs:
            if need not in given:
                raise ValueError(f"{task.path}: nobody gives {need!r}")
    step: dict[str, int] = {}
    while len(step) < len(tasks):
        ready = [task for task in tasks
                 if task.gives not in step and all(need in step for need in task.needs)]
        if not ready:
            raise ValueError("the needs of the start-up tasks form a circle")
        for task in ready:
            step[task.gives] = 1 + max((step[need] for need in task.needs), default=0)
    return sorted(((step[task.gives], task) for task in tasks),
                  key=lambda pair: (pair[0], pair[1].gives))


def pages() -> dict[str, str]:
    """Tasks by step."""
    rows = [[str(step), f"`{task.gives}`", " ".join(f"`{need}`" for need in task.needs) or "-",
             f"`{task.function}`", task.path] for step, task in _steps(_tasks())]
    text = page("Start-up", "the `INIT_TASK` declarations",
                "`core/init/start.cpp` tells what comes before. The tasks run one after the other "
                "on the first kernel thread; those of one step need nothing of each other.",
                table(["step", "gives", "needs", "function", "file"], rows))
    return {"docs/generated/boot.md": text}
