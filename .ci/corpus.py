#!/usr/bin/env python3
"""Redacts the labelled corpus beside the checkout and holds its scores to floors.toml.

    .ci/corpus.py PROGRAM [CORPUS]

CORPUS (../shared/corpus) is a folder with calls and scorers: convert.py, score.py, leaks.py, listen.py. Without
it there is nothing to do. Python's standard library is enough.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).parent
# In which fields of a transcript the words are; all other fields are copies.
WORDS = {
    "aws": ("results.items",),
    "aws-speaker": ("results.items",),
    "whisper": ("words",),
    "whisper-local": ("segments[].words",),
    "deepgram": ("results.channels[].alternatives[0].words",),
    "assemblyai": ("words",),
    "google": ("results[].alternatives[0].words",),
    "azure": ("recognizedPhrases[].nBest[0].words", "recognizedPhrases[].nBest[0].displayWords"),
    "contactlens": ("Transcript[].Content",),
    "vtt": ("text",),
    "srt": ("text",),
    "txt": ("text",),
}
# All calls are redacted in the first form, which is scored; every so manieth in the others.
OTHERS_EVERY = 5
failures = []


def check(what, figure, bound):
    good = figure >= bound[1] if bound[0] == "at least" else figure <= bound[1]
    print(f"{'ok  ' if good else 'FAIL'} {what}: {figure:.4g} ({bound[0]} {bound[1]:.4g})")
    if not good:
        failures.append(what)


def run(*command, may_fail=False):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    if done.returncode and not may_fail:
        sys.exit(f"{pathlib.Path(command[0]).name} failed with code {done.returncode}")
    return done.stdout


def redact(program, source, dest, named):
    """Redacts a folder, and links each copy under its source's name into `named`; returns the held calls."""
    environment = {"PATH": os.environ["PATH"], "SORDINO_CALL_ID_KEY": "a key for the corpus alone"}
    done = subprocess.run([program, "redact", source, dest, "--json"], stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode not in (0, 3):
        sys.exit(f"redact failed with code {done.returncode}")
    held = []
    named.mkdir()
    for line in map(json.loads, done.stdout.splitlines()):
        if line.get("status") == "held":
            held.append(f"{line['source']} ({line['reason']})")
        elif "source" in line:
            stem = pathlib.Path(line["source"]).stem
            for copy in (dest / line["call"]).iterdir():
                if copy.stem in ("transcript", "recording"):
                    copy.rename(named / f"{stem}{copy.suffix}")
    return held


def secondary(leaks, words):
    """Finds in a copy of the text that the same file's words do not have."""
    found = {}
    for leak in leaks:
        found.setdefault((leak["file"], leak["label"], leak["ent"]), []).append(leak)
    return [mention[0] for mention in found.values() if not any(leak["field"].startswith(words) for leak in mention)]


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    corpus = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else HERE / "../../shared/corpus").resolve()
    if not corpus.is_dir():
        print("no labelled corpus beside the checkout; nothing scored")
        return
    floors = tomllib.loads((HERE / "floors.toml").read_text())
    python = sys.executable
    with tempfile.TemporaryDirectory() as temp:
        temp = pathlib.Path(temp)
        calls = (corpus / "dev.jsonl").read_text().splitlines(keepends=True)
        (temp / "some.jsonl").write_text("".join(calls[::OTHERS_EVERY]))
        scored, *others = WORDS
        run(python, corpus / "convert.py", corpus / "dev.jsonl", "--out", temp, "--format", scored)
        run(python, corpus / "convert.py", temp / "some.jsonl", "--out", temp, "--format", *others)
        held = []
        for form, words in WORDS.items():
            held += redact(program, temp / form, temp / f"{form}-out", temp / f"{form}-named")
            leaks = json.loads(run(python, corpus / "leaks.py", temp / f"{form}-named", "--json", may_fail=True))
            check(f"{form}: leaks by a secondary copy", len(secondary(leaks, words)),
                  ("at most", floors["secondary_leaks_max"]))
            for leak in secondary(leaks, words)[:5]:
                print(f"     {pathlib.Path(leak['file']).name}: {leak['label']} #{leak['ent']} in {leak['field']}")
        score = json.loads(run(python, corpus / "score.py", temp / f"{scored}-named", "--json"))
        for style in ("raw", "formatted"):
            check(f"{style}: word recall", score[style]["overall"]["word_recall"], ("at least", floors["word_recall_min"]))
            check(f"{style}: word precision", score[style]["overall"]["word_precision"], ("at least", floors["word_precision_min"]))
            check(f"{style}: word recall of NAME", score[style]["labels"]["NAME"]["word_recall"], ("at least", floors["name_recall_min"]))
            check(f"{style}: calls without a leak", score[style]["overall"]["clean_share"], ("at least", floors["clean_share_min"]))
            check(f"{style}: over-redaction", score[style]["overall"]["over_redaction"], ("at most", floors["over_redaction_max"]))

        negatives = corpus / "negatives.jsonl"
        run(python, corpus / "convert.py", negatives, "--out", temp / "negatives", "--format", "aws")
        held += redact(program, temp / "negatives/aws", temp / "negatives-out", temp / "negatives-named")
        score = json.loads(run(python, corpus / "score.py", temp / "negatives-named", "--corpus", negatives, "--json"))
        for style in ("raw", "formatted"):
            check(f"{style}: over-redaction of calls without PHI", score[style]["overall"]["over_redaction"],
                  ("at most", floors["negatives_over_redaction_max"]))

        run(python, corpus / "convert.py", corpus / "spoken.jsonl", "--out", temp / "spoken", "--format", "aws")
        for recording in (corpus / "audio").glob("*.wav"):
            shutil.copy(recording, temp / "spoken/aws")
        held += redact(program, temp / "spoken/aws", temp / "spoken-out", temp / "spoken-named")
        heard = json.loads(run(python, corpus / "listen.py", temp / "spoken-named", "--json", may_fail=True))
        failures.extend(heard["errors"])
        check("spoken: mentions still heard", sum(e["leak"] for c in heard["calls"] for e in c["entities"]),
              ("at most", floors["heard_mentions_max"]))
        far = sum(c["identical_far"] * c["plain_samples"] for c in heard["calls"])
        check("spoken: identical away from PHI", far / max(1, sum(c["plain_samples"] for c in heard["calls"])),
              ("at least", floors["identical_far_min"]))
        check("calls held", len(held), ("at most", floors["held_max"]))
        print("\n".join(f"     {call}" for call in held[:5]))
    if failures:
        sys.exit(f"{len(failures)} below the floor: {', '.join(failures)}")


if __name__ == "__main__":
    main()
