#!/usr/bin/env python3
"""How the cost of the commands grows with the tree.

    cargo build --release
    benches/growth.py [--by time] [--shape NAME ...] [--repository DIR] [--json FILE]

Each row is a command on a tree of some shape, at one size and at several times that size. Twice as large should
cost twice as much: the last column is the growth of the cost over the growth of the tree, and is to be at most 1.1.
Costs are instructions, counted by callgrind (they are the same on a busy machine), or with `--by time` seconds of
CPU, on much larger trees.

With `--repository`, copies of that Flux repository are laid side by side, too: haynes-ops of the corpus, for example.
The clusters of the copies are clusters of their own.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ENTRY = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: https://example.org/home-ops, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec:
  path: ./flux
  sourceRef: {kind: GitRepository, name: flux-system}
"""

CHARTS = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: bjw-s, namespace: flux-system}
spec: {type: oci, url: oci://ghcr.io/bjw-s/helm}
"""


def kustomization(name, path, namespace):
    return f"""\
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  path: ./{path}
  targetNamespace: {namespace}
  sourceRef: {{kind: GitRepository, name: flux-system}}
"""


def release(name, values="    fullnameOverride: web\n"):
    return f"""\
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: {name}
spec:
  interval: 30m
  chart:
    spec:
      chart: app-template
      version: 3.7.3
      sourceRef:
        kind: HelmRepository
        name: bjw-s
        namespace: flux-system
  install:
    remediation:
      retries: 3
  values:
    controllers:
      {name}:
        containers:
          app:
            image: {{repository: docker.io/library/nginx, tag: "1"}}
{values}"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def entry(root):
    write(root / "flux/flux-system.yaml", ENTRY)
    write(root / "flux/charts.yaml", CHARTS)


def one(root, text):
    """All of it in one file, which one Flux Kustomization applies."""
    entry(root)
    write(root / "flux/apps.yaml", kustomization("apps", "apps", "apps"))
    write(root / "apps/apps.yaml", text)


def releases(root, size):
    entry(root)
    write(root / "flux/apps.yaml", kustomization("apps", "apps", "apps"))
    for number in range(size):
        write(root / f"apps/app-{number}/release.yaml", release(f"app-{number}"))


def releases_in_one_file(root, size):
    one(root, "".join(release(f"app-{number}") for number in range(size)))


def kustomizations(root, size):
    entry(root)
    for number in range(size):
        write(root / f"flux/app-{number}.yaml", kustomization(f"app-{number}", f"apps/app-{number}", f"ns-{number % 50}"))
        write(root / f"apps/app-{number}/release.yaml", release(f"app-{number}"))


def namespaces(root, size):
    """Each release has a namespace, hence a batch, of its own."""
    entry(root)
    for number in range(size):
        write(root / f"flux/app-{number}.yaml", kustomization(f"app-{number}", f"apps/app-{number}", f"ns-{number}"))
        write(root / f"apps/app-{number}/release.yaml", release(f"app-{number}"))


def keys(root, size):
    one(root, release("app", "    configMaps:\n      config:\n        data:\n" + "".join(
        f"          key-{number}: value\n" for number in range(size))))


def anchors(root, size):
    one(root, release("app", "    configMaps:\n      config:\n        data:\n" + "".join(
        f"          key-{number}: &a{number} value\n          also-{number}: *a{number}\n" for number in range(size))))


def documents(root, size):
    one(root, release("app") + "".join(
        f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config-{number}}}\ndata: {{key: value}}\n"
        for number in range(size)))


def copies(repository):
    def shape(root, size):
        for number in range(size):
            copy = root / f"copy-{number}"
            shutil.copytree(repository, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            for path in [*copy.rglob("*.yaml"), *copy.rglob("*.yml")]:
                if path.is_file() and not path.is_symlink():
                    os.chmod(path, 0o644)
                    text = path.read_text(errors="surrogateescape")
                    moved = re.sub(r"((?:path|sync\.path): )(?:\./)?/?(?=kubernetes)", rf"\1./copy-{number}/", text)
                    path.write_text(moved, errors="surrogateescape")
    return shape


PLAN = ["plan", "--format", "json"]
ALL = ["components", "chart-ref", "app-template-v4", "remediation-defaults"]

# Shape: what makes it, its sizes by instructions and by time, and the commands.
SHAPES = {
    "releases": (releases, (50, 4), (400, 4), [["doctor"], *([*PLAN, name] for name in ALL), PLAN]),
    "releases-in-one-file": (releases_in_one_file, (25, 4), (100, 4), [["doctor"], PLAN, ["diff"]]),
    "kustomizations": (kustomizations, (50, 4), (500, 4), [["doctor"], *([*PLAN, name] for name in ALL), PLAN]),
    "keys": (keys, (500, 4), (5000, 4), [["doctor"], PLAN, ["diff"]]),
    "anchors": (anchors, (250, 4), (2500, 4), [["doctor"], PLAN, ["diff"]]),
    "documents": (documents, (100, 4), (2500, 4), [["doctor"], PLAN, ["diff"]]),
    "batches": (namespaces, (10, 4), (50, 4), [["branch", "chart-ref", "--no-sign"]]),
}


def environment(home):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LANG")}
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "bench"), ("EMAIL", "bench@example.org"), ("DATE", "1700000000 +0000"))}
    return {**kept, **who, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


class Bench:
    def __init__(self, program, work, by):
        self.program, self.work, self.by = program, work, by
        self.environment = environment(work)

    def git(self, tree, *arguments):
        subprocess.run(["git", "-C", tree, *arguments], check=True, env=self.environment, stdout=subprocess.DEVNULL)

    def tree(self, shape, size):
        """A git repository with a tree of this shape, committed."""
        tree = self.work / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir()
        shape(tree, size)
        self.git(tree, "init", "-q", "-b", "main")
        self.git(tree, "add", "-A", "-f")
        self.git(tree, "-c", "gc.auto=0", "commit", "-q", "-m", "tree")
        return tree

    def run(self, command, tree):
        """What a command costs: instructions, or seconds of CPU."""
        arguments = [self.program, "-C", str(tree), *command]
        if command[0] in ("plan", "diff", "branch"):
            arguments += ["--kustomize", "none"]
        counts = self.work / "callgrind"
        if self.by == "instructions":
            # The parsing of many files is shared among cores, in whatever way.
            arguments = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", *arguments]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(arguments, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(arguments)} exits with {done.returncode}:\n{done.stderr}")
        if self.by == "instructions":
            return int(re.search(r"^(?:totals|summary): (\d+)", counts.read_text(), re.M).group(1))
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def cost(self, command, shape, size):
        return self.run(command, self.tree(shape, size))

    def row(self, name, shape, sizes, command):
        size, factor = sizes
        small, large = self.cost(command, shape, size), self.cost(command, shape, size * factor)
        return {"shape": name, "command": " ".join(command), "size": size, "factor": factor,
                "small": small, "large": large, "growth": large / small / factor}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--by", choices=["instructions", "time"], default="instructions")
    parser.add_argument("--shape", action="append", help="only these rows")
    parser.add_argument("--repository", type=Path, help="a Flux repository to lay side by side")
    parser.add_argument("--json", type=Path, help="a file for the results")
    parser.add_argument("--make", nargs=3, metavar=("SHAPE", "SIZE", "DIR"), help="only make a tree")
    parser.add_argument("--program", type=Path, default=Path(__file__).resolve().parent.parent / "target/release/flux-codemod")
    arguments = parser.parse_args()
    shapes = dict(SHAPES)
    if arguments.repository:
        shapes["copies"] = (copies(arguments.repository), (1, 4), (4, 4),
                            [["doctor"], *([*PLAN, name] for name in ALL), PLAN, ["check"]])
    if arguments.make:
        name, size, directory = arguments.make
        shapes[name][0](Path(directory), int(size))
        return
    for name in arguments.shape or []:
        if name not in shapes:
            parser.error(f"there is no shape {name}: {', '.join(shapes)}")
    if not arguments.program.is_file():
        sys.exit(f"{arguments.program} is missing: cargo build --release")
    if arguments.by == "instructions" and not shutil.which("valgrind"):
        sys.exit("valgrind is missing: install it, or measure --by time")
    rows = []
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(str(arguments.program), Path(work), arguments.by)
        unit = (1e6, "M") if arguments.by == "instructions" else (1, "s")
        print(f"{'shape':<22}{'command':<44}{'size':>6}{'cost':>11}{'times':>6}{'cost':>11}{'growth':>8}")
        for name, (shape, few, many, commands) in shapes.items():
            if arguments.shape and name not in arguments.shape:
                continue
            for command in commands:
                row = bench.row(name, shape, few if arguments.by == "instructions" else many, command)
                rows.append(row)
                small, large = (f"{row[which] / unit[0]:.2f} {unit[1]}" for which in ("small", "large"))
                print(f"{name:<22}{row['command']:<44}{row['size']:>6}{small:>11}{row['factor']:>6}{large:>11}"
                      f"{row['growth']:>8.2f}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
