# METADATA
# title: A variable never holds a secret but refers to one.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController]}
#     - {apiGroups: [apps], kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet]}
#     - {apiGroups: [batch], kinds: [Job, CronJob]}
#   rules:
#     S1: What a manifest holds, everybody reads who may list pods, and every backup and repository it is in.
#     S2: envFrom gives a container every key of a Secret, also those that are added to it later.
package k8s.secret_variables

import data.lib.report
import data.lib.secrets
import data.lib.workload

pod := workload.template(input.review.object)

violation contains report.about_container(input.review.object, container, "S1", text) if {
	some [container, variable] in variables
	secrets.is_named_like_one(variable.name)
	object.get(variable, ["valueFrom", "secretKeyRef"], null) == null
	not is_path(variable)
	text := sprintf("%s must come from a Secret (valueFrom.secretKeyRef), or be named otherwise if it is none", [variable.name])
}

violation contains report.about_container(input.review.object, container, "S1", text) if {
	some [container, variable] in variables
	secrets.holds_one(object.get(variable, "value", ""))
	text := sprintf("%s holds what looks like a secret: use valueFrom.secretKeyRef", [variable.name])
}

violation contains report.about_container(input.review.object, container, "S1", text) if {
	some container in workload.containers(pod)
	some path in commands
	some argument in object.get(container, path, [])
	secrets.holds_one(argument)
	text := sprintf("%s holds what looks like a secret: everybody who may list processes reads it", [concat(".", path)])
}

violation contains report.about_container(input.review.object, container, "S2", text) if {
	some container in workload.containers(pod)
	some set in container.envFrom
	object.get(set, "secretRef", null) != null
	text := "envFrom.secretRef gives it every key of a Secret: name the keys it needs in env"
}

# What is run in a container, and whenever.
commands := {["command"], ["args"]} | {array.concat(at, ["exec", "command"]) |
	some at in [["lifecycle", "postStart"], ["lifecycle", "preStop"], ["startupProbe"], ["readinessProbe"], ["livenessProbe"]]
}

variables contains [container, variable] if {
	some container in workload.containers(pod)
	some variable in container.env
}

# Where a secret is, and not the secret: AWS_WEB_IDENTITY_TOKEN_FILE, as the clouds' webhooks add it to pods.
is_path(variable) if {
	endswith(variable.name, "_FILE")
	startswith(variable.value, "/")
}
