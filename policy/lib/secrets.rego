# What a secret looks like, by its name and by its form, and which Secrets a pod is given.
package lib.secrets

import data.lib.workload

# A setting that only sounds like one gets another name.
is_named_like_one(name) if regex.match(`(?i)(pass|token|secret|key|dsn|conn)`, name)

forms := [
	# Not certificates: every namespace has that of its cluster, in a ConfigMap.
	`-----BEGIN [A-Z0-9 ]*PRIVATE KEY`,
	# User and password in a URL.
	`[a-z][a-z0-9+.-]*://[^/\s:@"']*:[^/\s@"']+@`,
	# Keys of AWS; tokens of GitHub, Grafana, Google, Slack, Entra ID; JSON Web Tokens.
	`\b(AKIA|ASIA)[A-Z0-9]{16}\b`,
	`\b(gh[a-z]_\w{20,}|gl(sa|c)_[\w+/=]{20,}|AIza[\w-]{35}|ya29\.[\w.-]{20,}|xox[a-z]-[\w-]{10,}|\w{3}8Q~[\w.~-]{30,})`,
	`\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]+`,
]

holds_one(text) if {
	some form in forms
	regex.match(form, text)
}

# Every way in which a pod names a Secret: variables, sets of variables, volumes, projected volumes, registries.
names_in(pod) := (((variables(pod) | variable_sets(pod)) | volumes(pod)) | projections(pod)) | registries(pod)

variables(pod) := {variable.valueFrom.secretKeyRef.name |
	some container in workload.containers(pod)
	some variable in container.env
}

variable_sets(pod) := {set.secretRef.name |
	some container in workload.containers(pod)
	some set in container.envFrom
}

volumes(pod) := {volume.secret.secretName | some volume in workload.volumes(pod)}

projections(pod) := {source.secret.name |
	some volume in workload.volumes(pod)
	some source in volume.projected.sources
}

registries(pod) := {reference.name |
	some reference in pod.spec.imagePullSecrets
}
