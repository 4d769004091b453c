# METADATA
# title: A CronJob ends before it starts again, tries again only where that helps, and leaves nothing behind.
# custom:
#   kinds: [{apiGroups: [batch], kinds: [CronJob]}]
#   rules:
#     W8: Two runs of one collector would fight for its lease; bad configuration does not get better by trying; after a hundred missed starts an unbounded schedule stops.
package k8s.cronjob_bounds

import data.lib.report
import data.lib.workload

pod := workload.template(input.review.object)

violation contains {"msg": "there are no parameters for cronjob_bounds"} if not input.parameters.components

violation contains report.about(input.review.object, "W8", text) if {
	input.review.object.kind == "CronJob"
	some text in faults
}

# The controller appends eleven characters, and a Job's name is a label.
longest_name := 52

cronjob := object.get(input.review.object, "spec", {})

job := object.get(cronjob, ["jobTemplate", "spec"], {})

component := workload.component(pod)

limits := input.parameters.components[component]

values := {
	"startingDeadlineSeconds": object.get(cronjob, "startingDeadlineSeconds", null),
	"activeDeadlineSeconds": object.get(job, "activeDeadlineSeconds", null),
	"backoffLimit": object.get(job, "backoffLimit", null),
	"ttlSecondsAfterFinished": object.get(job, "ttlSecondsAfterFinished", null),
	"successfulJobsHistoryLimit": object.get(cronjob, "successfulJobsHistoryLimit", null),
	"failedJobsHistoryLimit": object.get(cronjob, "failedJobsHistoryLimit", null),
}

faults contains sprintf("there are no bounds for the component %q", [component]) if not limits

faults contains sprintf("%s must be from %d to %d", [setting, bound.min, bound.max]) if {
	some setting, bound in limits.bounds
	value := object.get(values, setting, null)
	not is_within(value, bound)
}

faults contains sprintf("it must start and end within %d s", [limits.within_seconds]) if {
	values.startingDeadlineSeconds + values.activeDeadlineSeconds >= limits.within_seconds
}

faults contains "concurrencyPolicy must be Forbid" if object.get(cronjob, "concurrencyPolicy", "Allow") != "Forbid"

# More pods at once, or one after the other, would wait for the lease of the first.
faults contains sprintf("%s must be 1", [setting]) if {
	some setting in ["parallelism", "completions"]
	pods := object.get(job, setting, null)
	not pods in {1, null}
}

faults contains "timeZone must be set" if object.get(cronjob, "timeZone", "") in {"", null}

faults contains "restartPolicy must be Never" if {
	object.get(pod.spec, "restartPolicy", "Always") != "Never"
}

faults contains "podFailurePolicy must fail the Job on exit code 2: bad configuration" if not fails_on_configuration

faults contains "podFailurePolicy must ignore DisruptionTarget" if not ignores_disruption

faults contains sprintf("its name must have at most %d characters", [longest_name]) if {
	count(report.name(input.review.object)) > longest_name
}

failure_rules := object.get(job, ["podFailurePolicy", "rules"], [])

# The first that matches decides.
fails_on_configuration if [rule.action | some rule in failure_rules; is_for_configuration(rule.onExitCodes)][0] == "FailJob"

is_for_configuration(codes) if {
	is_of_program(codes)
	codes.operator == "In"
	2 in codes.values
}

is_for_configuration(codes) if {
	is_of_program(codes)
	codes.operator == "NotIn"
	every code in codes.values {
		code != 2
	}
}

is_of_program(codes) if object.get(codes, "containerName", null) == null

is_of_program(codes) if {
	some container in pod.spec.containers
	container.name == codes.containerName
}

ignores_disruption if {
	some rule in failure_rules
	rule.action == "Ignore"
	some condition in rule.onPodConditions
	condition.type == "DisruptionTarget"
}

is_within(value, bound) if {
	is_number(value)
	value >= bound.min
	value <= bound.max
}
