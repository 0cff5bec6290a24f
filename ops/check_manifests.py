#!/usr/bin/env python3
"""Holds ops/kubernetes against the schemas of Kubernetes (PyPI: kubernetes-validate) and of the projects whose kinds it uses
(ops/kubernetes/schemas), as the API server does on `kubectl apply`, and against the miner: that metrics, settings and paths in
them are there, and that a pod may finish its call. Each object must also be refused with a name that no schema has.
And ops/monitoring: that it asks for metrics and jobs that are there, and that each alert fires in its tests (promtool runs them).
And ops/systemd and ops/pm2.config.js: that they start a miner again after whatever time may mend, for as long as it takes, and
after nothing else; that the miner has no exit code that nothing ends with; and that commands which the pages print for its data
find it. And ops/logrotate: that it leaves alone what the miner turns over itself.
    .venv/bin/python ops/check_manifests.py"""

import copy
import fnmatch
import itertools
import json
import pathlib
import re
import sys

import jsonschema
import kubernetes_validate
import yaml

TOP = pathlib.Path(__file__).resolve().parent.parent
FOLDER = TOP / "ops/kubernetes"
VERSIONS = ["1.27", kubernetes_validate.latest_version()]  # the oldest that the manifests are for, and the newest known
# Of prometheus-adapter's rules (kubernetes-sigs/prometheus-adapter, pkg/config/config.go); its parser refuses other names.
ADAPTER = {"seriesQuery", "seriesFilters", "resources", "name", "metricsQuery"}
# Of KEDA's trigger `prometheus` (kedacore/keda, schema/generated/scalers-schema.yaml); the CRD leaves these to the scaler.
TRIGGER = {"serverAddress", "query", "queryParameters", "threshold", "activationThreshold", "namespace", "customHeaders",
           "ignoreNullValues", "unsafeSsl", "awsRegion", "timeout", "identityOwner"}
# Of the container that brings weights; its arguments are the model and where it goes. Whole ones need no hub, and stay.
FETCHES = ["sh", "-c", 'miner weights verify "$@" || { [ $? = 76 ] && exec miner weights fetch "$@"; }', "fetch"]
faults = []


def fault_of(each):
    """What the schema of its kind says of an object; None when all is well."""
    schema = FOLDER / "schemas" / f"{each['apiVersion'].split('/')[0]}_{each['kind']}.json"
    try:
        if schema.exists():
            jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(each)
            return None
        for version in VERSIONS:
            kubernetes_validate.validate(each, version, strict=True)
    except (kubernetes_validate.ValidationError, jsonschema.ValidationError) as error:
        return f"{'/'.join(str(step) for step in error.path)}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return f"no schema: {error}"
    return None


def check(name, holds, why):
    if not holds:
        faults.append(f"{name}: {why}")


def with_unknown(each):
    """The same with a name that nobody knows, where an object has the most to say."""
    wrong = copy.deepcopy(each)
    wrong["spec" if "spec" in each else "metadata"]["surelyUnknown"] = 1
    return wrong


def words_of(text):
    return set(re.findall(r"\bminer_[a-z_]+\b", text))


def seconds(args, name):
    return float(args[args.index(name) + 1])


def check_arguments(name, container, settings):
    for flag in (word[2:] for word in container["args"] if word.startswith("--")):
        check(name, flag in settings, f"there is no setting {flag}")


def claims_of(pod):
    return {volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in pod["spec"].get("volumes", [])
            if "persistentVolumeClaim" in volume}


def weights_of(owner, container):
    """The claim that weights.path of a container's arguments lies in, and where in it; None: in none that outlives the pod."""
    args = container["args"]
    if "--weights.path" not in args:
        return None
    claims = claims_of(owner["spec"]["template"])
    claims |= {each["metadata"]["name"]: (owner["metadata"]["name"], each["metadata"]["name"])
               for each in owner["spec"].get("volumeClaimTemplates", [])}
    path = pathlib.PurePosixPath(args[args.index("--weights.path") + 1])
    folders = {mount["mountPath"]: claims.get(mount["name"]) for mount in container["volumeMounts"]}
    for folder in (path, *path.parents):
        if str(folder) in folders:
            claim = folders[str(folder)]
            return (claim, str(path.relative_to(folder))) if claim else None
    return None


def check_weights(name, owner, container, jobs):
    """That it makes splats by a published model, which some Job, or what runs before it, has fetched to where it is looked for."""
    args = container["args"]
    if "--generator.model" not in args:
        return check(name, False, "it would make splats by the embedded model")
    wanted = (args[args.index("--generator.model") + 1], weights_of(owner, container))
    before = [(owner, each) for each in owner["spec"]["template"]["spec"].get("initContainers", [])]
    before += [(job, each) for job in jobs for each in job["spec"]["template"]["spec"]["containers"]]
    fetched = {(each["args"][0], weights_of(who, each)) for who, each in before if each.get("command") == FETCHES}
    check(name, wanted[1] and wanted in fetched, f"nobody fetches {wanted[0]} to where it is looked for")


def check_fetchers(name, containers, settings):
    for container in containers:
        check_arguments(name, container, settings)
        check(name, container.get("command") == FETCHES, f"{container['name']} asks the hub for weights that are there and whole")


def check_environment(name, pod):
    """That a Service of whatever name gives it no variables: those of one that begins with `miner` look like settings."""
    check(name, pod["spec"].get("enableServiceLinks") is False, "variables of Services come into its environment")


def check_pods(name, each, settings, jobs):
    pod = each["spec"]["template"]
    labels = each["spec"]["selector"]["matchLabels"].items()
    check(name, labels <= pod["metadata"]["labels"].items(), "its selector does not match its pods")
    check_fetchers(name, pod["spec"].get("initContainers", []), settings)
    for container in pod["spec"]["containers"]:
        args = container["args"]
        check_arguments(name, container, settings)
        ports = {port["name"] for port in container["ports"]}
        for probe in ("readinessProbe", "livenessProbe"):
            get = container[probe]["httpGet"]
            check(name, get["path"] in ("/ready", "/health", "/version") and get["port"] in ports, f"{probe} asks in vain")
        check_weights(name, each, container, jobs)
        if args[0] == "serve":
            check(name, container["readinessProbe"].get("timeoutSeconds", 1) >= 5, "one that is busy would count as gone")
            pause = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
            grace = seconds(args, "--run.grace")
            check(name, grace >= seconds(args, "--http.deadline"), "a call may take longer than run.grace")
            check(name, pod["spec"]["terminationGracePeriodSeconds"] >= pause + grace + 5, "a pod is killed in its grace")


def check_adapter(name, each, metrics):
    rules = yaml.safe_load(each["data"]["config.yaml"])
    check(name, set(rules) == {"rules"} and rules["rules"], "it has no rules, or more than rules")
    for rule in rules["rules"]:
        check(name, set(rule) <= ADAPTER and {"seriesQuery", "resources", "metricsQuery"} <= set(rule), "a rule's names")
        match = re.search(r'__name__=~"([^"]+)"', rule["seriesQuery"])
        check(name, match and all(re.fullmatch(match[1], metric) for metric in metrics), f"its rule gives not all of {metrics}")


def job_of(monitor, service):
    """What Prometheus has as `job` of a Service that a ServiceMonitor selects: its label of that name, else its own name."""
    return service["metadata"]["labels"].get(monitor["spec"].get("jobLabel"), service["metadata"]["name"])


def check_monitoring(objects, metrics):
    """That alerts and dashboard ask for what is there, by the names that scrapes give it, and that each alert was seen to fire."""
    services = [each for each in objects if each["kind"] == "Service"]
    jobs = {job_of(monitor, service) for monitor in objects if monitor["kind"] == "ServiceMonitor" for service in services
            if monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()}
    jobs |= set(re.findall(r"job_name: (\S+)", (TOP / "ops/docs/operations.md").read_text()))
    text = (FOLDER.parent / "monitoring/alerts.yml").read_text()
    matchers = re.findall(r'\bjob(=~|=)"([^"]*)"', text)
    check("alerts.yml", jobs and matchers, "no job is scraped, or none asked for")
    for kind, wanted in matchers:
        for job in sorted(jobs):
            found = re.fullmatch(wanted, job) if kind == "=~" else wanted == job
            check("alerts.yml", found, f'it asks for job{kind}"{wanted}", which is not the {job} of a scrape')
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    dashboard = json.loads((FOLDER.parent / "monitoring/grafana.json").read_text())
    asked = [("alerts.yml", rule["expr"]) for rule in rules]
    asked += [("grafana.json", target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]
    for file, expression in asked:
        for word in words_of(expression):
            check(file, re.sub("_(sum|count|bucket)$", "", word) in metrics, f"there is no metric {word}")
    tests = yaml.safe_load((FOLDER.parent / "monitoring/alerts_test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    for rule in rules:
        check("alerts_test.yml", rule["alert"] in fired, f"{rule['alert']} fires in no test")


def codes_not_restarted():
    """Exit codes of a failure after which the miner does not say "restart"."""
    numbers = dict(re.findall(r"^    ([a-z_]+) = (\d+),", (TOP / "miner/runtime/exit_code.hpp").read_text(), re.M))
    entries = re.findall(r'\{ExitCode::([a-z_]+),((?:\s*"[^"]*")+)\}', (TOP / "miner/runtime/exit_code.cpp").read_text())
    check("exit_code.cpp", len(entries) == len(numbers) > 10, "its table is not read as it is written")
    sources = [path.read_text() for path in TOP.glob("miner/**/*.cpp") if path.name != "exit_code.cpp"]
    ends_with = {name for text in sources for name in re.findall(r"(?<![=!]= )\bExitCode::([a-z_]+)", re.sub("//.*", "", text))}
    for name in sorted(set(numbers) - ends_with):
        check("exit_code.hpp", False, f"nothing ends with {name} ({numbers[name]})")
    return {int(numbers[name]) for name, words in entries if "restart" not in words and name != "ok"}


def check_commands(environment):
    """That what is printed for its data, to be run as its user, looks where the unit does when the settings name no folder."""
    printed = [(path.name, command) for path in [TOP / "README.md", *TOP.glob("ops/docs/*.md"), *TOP.glob("ops/debian/*")]
               for command in re.findall(r"sudo -u miner (.*)", path.read_text())]
    check("sudo -u miner", len(printed) >= 10, f"only {len(printed)} commands are found")
    for file, command in printed:
        check(file, f"{command} ".startswith(f"env {environment} ") or "--storage.path" in command,
              f"it does not find what the service has without storage.path: {command}")


def check_services():
    lasting = codes_not_restarted()
    name, text = "miner.service", (TOP / "ops/systemd/miner.service").read_text()
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    check(name, lines.get("StartLimitIntervalSec") == "0", "some failing starts switch it off")
    check(name, lines.get("Restart") == "on-failure" and int(lines.get("RestartSec", "0")) >= 5,
          "it does not start again, or without a pause")
    check(name, {int(code) for code in lines["RestartPreventExitStatus"].split()} == lasting, f"a restart does not mend {lasting}")
    check(name, lines.get("Environment") == "XDG_DATA_HOME=/var/lib" and lines.get("StateDirectory") == "miner",
          "an empty storage.path is not its StateDirectory, or storage.path of the settings file does not count")
    check_commands(lines.get("Environment"))
    name, text = "pm2.config.js", (TOP / "ops/pm2.config.js").read_text()
    check(name, int(re.search(r"max_restarts: (\d+),", text)[1]) >= 10**9, "some failing starts switch it off")
    codes = re.search(r"stop_exit_codes: \[([^]]*)\]", text)[1]
    check(name, {int(code) for code in codes.split(",")} == lasting | {0}, f"a restart does not mend {lasting}")


def check_rotation():
    """That it takes redirected output, but neither a log.file in that folder nor what the miner has put aside of it."""
    name, text = "logrotate/miner", (TOP / "ops/logrotate/miner").read_text()
    patterns = [word for line in text.splitlines() if line.startswith("/") for word in line.rstrip("{").split()]
    for file, taken in {"miner.out": True, "miner.log": False, "miner.1.log": False, "hotkey-2.14.log": False}.items():
        found = any(fnmatch.fnmatch(f"/var/log/miner/{file}", pattern) for pattern in patterns)
        check(name, found == taken, f"{file} is rotated twice" if found else f"{file} is not rotated")


def main():
    check_services()
    check_rotation()
    objects = [(path.name, each) for path in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text())]
    named = {(each["kind"], each["metadata"]["name"]): each for _, each in objects}
    settings = set(itertools.chain.from_iterable(re.findall(r'\.name = "([a-z_.0-9]+)"', path.read_text())
                                                 for path in TOP.glob("config/table_*.cpp")))
    metrics = words_of((TOP / "miner/server/metrics.cpp").read_text())
    asked = set()
    for file, each in objects:
        name = f"{file}: {each['kind']} {each['metadata']['name']}"
        if wrong := fault_of(each):
            faults.append(f"{name}: {wrong}")
        check(name, fault_of(with_unknown(each)), "its schema takes anything")
        for word in words_of(json.dumps(each)) if each["kind"] != "ConfigMap" else ():  # that has a pattern
            check(name, word in metrics, f"there is no metric {word}")
        kind, spec = each["kind"], each.get("spec", {})
        if kind in ("HorizontalPodAutoscaler", "ScaledObject"):
            target = spec["scaleTargetRef"]
            check(name, (target["kind"], target["name"]) in named, "it scales what is not here")
            check(name, "replicas" not in named[target["kind"], target["name"]]["spec"], "applying its target takes replicas back")
        if kind == "HorizontalPodAutoscaler":
            asked |= {metric["pods"]["metric"]["name"] for metric in spec["metrics"]}
        if kind == "ScaledObject":
            for trigger in spec["triggers"]:
                check(name, trigger["type"] == "prometheus" and set(trigger["metadata"]) <= TRIGGER and
                      {"serverAddress", "query", "threshold"} <= set(trigger["metadata"]), "a trigger's names")
        if kind == "Service":
            check(name, any(spec["selector"].items() <= other["spec"]["template"]["metadata"]["labels"].items()
                            for (_, other) in objects if other["kind"] in ("Deployment", "StatefulSet")), "it selects nobody")
        if kind == "ServiceMonitor":
            check(name, any(spec["selector"]["matchLabels"].items() <= other["metadata"]["labels"].items()
                            for (_, other) in objects if other["kind"] == "Service"), "it selects no service")
        if kind in ("Deployment", "StatefulSet", "Job"):
            check_environment(name, spec["template"])
            check(name, all(("PersistentVolumeClaim", claim) in named for claim in claims_of(spec["template"]).values()),
                  "it claims a volume that is not here")
        if kind in ("Deployment", "StatefulSet"):
            check_pods(name, each, settings, [other for _, other in objects if other["kind"] == "Job"])
        if kind == "Job":
            check_fetchers(name, spec["template"]["spec"]["containers"], settings)
    check_monitoring([each for _, each in objects], metrics)
    check_adapter("scale.yaml", named["ConfigMap", "adapter-config"], asked)
    check("HorizontalPodAutoscaler", asked and asked <= metrics, f"not all of {asked} are metrics")
    for fault in faults:
        print(fault)
    print(f"{len(objects)} objects, {len(faults)} faults")
    return 1 if faults or not objects else 0


if __name__ == "__main__":
    sys.exit(main())
