"""Verifies the systemd units, scores what they could do if they were taken over, and makes their users and folders in an
empty root.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

from report import Report

SYSTEMD = pathlib.Path(__file__).resolve().parent.parent / "systemd"
# Highest exposure, tenths of `systemd-analyze security`'s 0 to 10; up to 10 is called safe.
EXPOSURE_MAX = {"sordino-batch.service": 5, "sordino-serve.service": 11, "sordino-worker.service": 10}
EXAMPLES = {"batch-bucket.conf.example": "sordino-batch.service", "serve-bucket.conf.example": "sordino-serve.service",
            "worker-queue.conf.example": "sordino-worker.service"}


def main():
    report = Report("systemd")
    judge_units(report, "as they are", examples=False)
    judge_units(report, "with the examples", examples=True)
    judge_root(report)
    report.close()


def judge_units(report, where, examples):
    with tempfile.TemporaryDirectory() as folder:
        units = pathlib.Path(folder)
        shutil.copytree(SYSTEMD, units, dirs_exist_ok=True)
        for example, unit in EXAMPLES.items() if examples else ():
            drop_ins = units / f"{unit}.d"
            drop_ins.mkdir(exist_ok=True)
            shutil.copy(SYSTEMD / example, drop_ins / "zz-example.conf")
        # A program that is there: `verify` looks for it.
        for path in units.rglob("*"):
            if path.is_file():
                path.write_text(path.read_text().replace("/usr/local/bin/sordino", "/bin/true"))
        run = analyze(units, "verify", *(units / unit for unit in (*EXPOSURE_MAX, "sordino-batch.timer")))
        report.expect(run.returncode == 0 and not run.stderr, f"{where}: {run.stderr}")
        for unit, exposure in EXPOSURE_MAX.items() if not examples else ():
            run = analyze(units, "security", "--offline=true", f"--threshold={exposure}", "--no-pager", unit)
            report.expect(run.returncode == 0, f"{unit}: exposed more than {exposure / 10}: {run.stdout[-80:]}")


def analyze(units, *arguments):
    # The colon: and the system's own units after ours.
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"}
    return subprocess.run(["systemd-analyze", *arguments], env=environment, capture_output=True, text=True)


def judge_root(report):
    with tempfile.TemporaryDirectory() as root:
        pathlib.Path(root, "etc").mkdir()
        for kind, command in (("sysusers", ["systemd-sysusers"]), ("tmpfiles", ["systemd-tmpfiles", "--create"])):
            folder = pathlib.Path(root, "usr/lib", f"{kind}.d")
            folder.mkdir(parents=True)
            shutil.copy(SYSTEMD / f"sordino.{kind}", folder / "sordino.conf")
            run = subprocess.run([*command, f"--root={root}"], capture_output=True, text=True)
            report.expect(run.returncode == 0, f"{command[0]}: {run.stderr}")
        report.expect("sordino:" in pathlib.Path(root, "etc/passwd").read_text(), "no user is made")
        for name in ("raw", "redacted", "dead-letter"):
            folder = pathlib.Path(root, "srv/sordino", name)
            report.expect(folder.is_dir() and folder.stat().st_mode & 0o777 == 0o750, f"{name}: not made as said")


if __name__ == "__main__":
    main()
