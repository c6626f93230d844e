"""Work that takes its time: what a job and a task are, the engine that runs them, the processes it runs them in.

    job        Job, Task and the specs of jobs: kinds of work, declared as plain data
    shipped    answers of tasks that come with the app
    machine    how much memory there is, and what a run took of it
    lifeline   ends a compute process with the one that started it
    cluster    the local Dask scheduler and workers, or the address of others
    execute    what a worker does: a job to its end, the answer of a task
    turns      which waiting job starts next
    engine     the queue, and what pages call

May import: storage. `execute` alone looks into the catalogue, when it runs.
"""
