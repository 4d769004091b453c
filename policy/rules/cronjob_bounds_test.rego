# W8, one bound at a time.
package k8s.cronjob_bounds_test

import data.k8s.cronjob_bounds

good := {
	"kind": "CronJob",
	"metadata": {"name": "inventory-collector-aws"},
	"spec": {
		"timeZone": "Etc/UTC",
		"concurrencyPolicy": "Forbid",
		"startingDeadlineSeconds": 540,
		"successfulJobsHistoryLimit": 1,
		"failedJobsHistoryLimit": 3,
		"jobTemplate": {"spec": {
			"activeDeadlineSeconds": 300,
			"backoffLimit": 1,
			"ttlSecondsAfterFinished": 3600,
			"podFailurePolicy": {"rules": [
				{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [2]}},
				{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
			]},
			"template": {
				"metadata": {"labels": {"app.kubernetes.io/component": "collector-aws"}},
				"spec": {"restartPolicy": "Never", "containers": [{"name": "collector"}]},
			},
		}},
	},
}

bounds := {
	"startingDeadlineSeconds": {"min": 60, "max": 840},
	"activeDeadlineSeconds": {"min": 60, "max": 840},
	"backoffLimit": {"min": 0, "max": 2},
	"ttlSecondsAfterFinished": {"min": 60, "max": 3600},
	"successfulJobsHistoryLimit": {"min": 0, "max": 1},
	"failedJobsHistoryLimit": {"min": 1, "max": 3},
}

parameters := {"components": {
	"collector-aws": {"bounds": bounds, "within_seconds": 900},
	"prune": {"bounds": bounds},
}}

messages(patches) := {found.msg |
	resource := json.patch(good, patches)
	some found in cronjob_bounds.violation with input as {"review": {"object": resource}, "parameters": parameters}
}

label := "/spec/jobTemplate/spec/template/metadata/labels/app.kubernetes.io~1component"

test_accepts_what_is_within_its_bounds if messages([]) == set()

test_accepts_what_fails_on_bad_configuration[note] if {
	some note, codes in {
		"of the container that runs": {"containerName": "collector", "operator": "In", "values": [2]},
		"and on all but another": {"operator": "NotIn", "values": [3]},
	}
	messages([{"op": "replace", "path": "/spec/jobTemplate/spec/podFailurePolicy/rules/0/onExitCodes", "value": codes}]) == set()
}

test_accepts_a_late_start_of_what_is_not_due_again_soon if {
	messages([
		{"op": "replace", "path": label, "value": "prune"},
		{"op": "replace", "path": "/spec/startingDeadlineSeconds", "value": 840},
	]) == set()
}

test_leaves_other_kinds_alone if messages([{"op": "replace", "path": "/kind", "value": "Job"}]) == set()

test_refuses[note] if {
	some note, [path, value, text] in {
		"two at once": ["concurrencyPolicy", "Allow", "concurrencyPolicy must be Forbid"],
		"the end of the other": ["concurrencyPolicy", "Replace", "concurrencyPolicy must be Forbid"],
		"the controller's time zone": ["timeZone", "", "timeZone must be set"],
		"a start at any time": ["startingDeadlineSeconds", null, "startingDeadlineSeconds must be from 60 to 840"],
		"a start too late": ["startingDeadlineSeconds", 600, "it must start and end within 900 s"],
		"a run too long": ["jobTemplate/spec/activeDeadlineSeconds", 360, "it must start and end within 900 s"],
		"a run without an end": ["jobTemplate/spec/activeDeadlineSeconds", null, "activeDeadlineSeconds must be from 60 to 840"],
		"no time to run": ["jobTemplate/spec/activeDeadlineSeconds", 59, "activeDeadlineSeconds must be from 60 to 840"],
		"many tries": ["jobTemplate/spec/backoffLimit", 3, "backoffLimit must be from 0 to 2"],
		"a Job that stays": ["jobTemplate/spec/ttlSecondsAfterFinished", null, "ttlSecondsAfterFinished must be from 60 to 3600"],
		"many successes": ["successfulJobsHistoryLimit", 3, "successfulJobsHistoryLimit must be from 0 to 1"],
		"forgotten failures": ["failedJobsHistoryLimit", 0, "failedJobsHistoryLimit must be from 1 to 3"],
		"a restart in place": ["jobTemplate/spec/template/spec/restartPolicy", "OnFailure", "restartPolicy must be Never"],
		"bad configuration again": ["jobTemplate/spec/podFailurePolicy/rules/0/onExitCodes/values", [3], "podFailurePolicy must fail the Job on exit code 2: bad configuration"],
		"everything but bad configuration": ["jobTemplate/spec/podFailurePolicy/rules/0/onExitCodes/operator", "NotIn", "podFailurePolicy must fail the Job on exit code 2: bad configuration"],
		"bad configuration ignored": ["jobTemplate/spec/podFailurePolicy/rules/0/action", "Ignore", "podFailurePolicy must fail the Job on exit code 2: bad configuration"],
		"a drained node's blame": ["jobTemplate/spec/podFailurePolicy/rules/1/action", "Count", "podFailurePolicy must ignore DisruptionTarget"],
		"several pods of one run": ["jobTemplate/spec/parallelism", 2, "parallelism must be 1"],
		"one run after the other": ["jobTemplate/spec/completions", 2, "completions must be 1"],
		"bad configuration ignored before it fails": ["jobTemplate/spec/podFailurePolicy/rules/0", {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [1, 2]}}, "podFailurePolicy must fail the Job on exit code 2: bad configuration"],
		"bad configuration counted with all others": ["jobTemplate/spec/podFailurePolicy/rules/0", {"action": "Count", "onExitCodes": {"operator": "NotIn", "values": [3]}}, "podFailurePolicy must fail the Job on exit code 2: bad configuration"],
		"bad configuration of another container": ["jobTemplate/spec/podFailurePolicy/rules/0/onExitCodes/containerName", "proxy", "podFailurePolicy must fail the Job on exit code 2: bad configuration"],
		"another condition": ["jobTemplate/spec/podFailurePolicy/rules/1/onPodConditions/0/type", "Ready", "podFailurePolicy must ignore DisruptionTarget"],
	}
	messages([{"op": "add", "path": sprintf("/spec/%s", [path]), "value": value}]) == {sprintf("W8 CronJob inventory-collector-aws: %s", [text])}
}

test_refuses_a_name_that_leaves_no_room if {
	name := concat("", ["a" | some _ in numbers.range(1, 53)])
	messages([{"op": "replace", "path": "/metadata/name", "value": name}]) == {sprintf("W8 CronJob %s: its name must have at most 52 characters", [name])}
}

test_refuses_a_component_without_bounds if {
	messages([{"op": "replace", "path": label, "value": "other"}]) == {`W8 CronJob inventory-collector-aws: there are no bounds for the component "other"`}
}

test_says_that_it_was_told_nothing if {
	{"msg": "there are no parameters for cronjob_bounds"} in cronjob_bounds.violation with input as {"review": {"object": {"kind": "ConfigMap"}}}
}
