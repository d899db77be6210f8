"""A wall clock of its own for one program, set as the test likes. Its other clocks are left alone."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static long ahead(void) {
    static volatile long *seconds;
    if (!seconds) {
        const char *name = getenv("WALL_CLOCK");
        int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
        void *page = file < 0 ? MAP_FAILED : mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
        if (page == MAP_FAILED) return 0;
        seconds = page;
    }
    return *seconds;
}

int clock_gettime(clockid_t which, struct timespec *told) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, told);
    if (!result && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) told->tv_sec += ahead();
    return result;
}

int gettimeofday(struct timeval *restrict told, void *restrict zone) {
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return result;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
"""


def why_not() -> str | None:
    """Why a program cannot have one here; None if it can."""
    return None if shutil.which("cc") else "no C compiler (`cc`)"


def build(library: Path) -> None:
    """Compile what `before` loads."""
    command = ["cc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(library), "-ldl"]
    subprocess.run(command, input=SOURCE, text=True, check=True)


class WallClock:
    """Lives in the file `setting`; `library` is what `build` made. The program must be able to read both."""

    def __init__(self, library: Path, setting: Path) -> None:
        self.before = ["env", f"LD_PRELOAD={library}", f"WALL_CLOCK={setting}"]
        self._file = setting.open("wb", buffering=0)
        setting.chmod(0o644)
        self.jump_to(0)

    def jump_to(self, seconds: int) -> None:
        """From now on it is so far ahead of the true time; behind it, if negative."""
        self._file.seek(0)
        self._file.write(struct.pack("@l", seconds))

    def close(self) -> None:
        """No more jumps."""
        self._file.close()
