# What a secret looks like, by its name and by its form, and which Secrets a pod is given.
package lib.secrets

import data.lib.workload

# A setting that only sounds like one gets another name.
is_named_like_one(name) if regex.match(`(?i)(pass|token|secret|key|dsn|conn)`, name)

forms := [
	# A block of PEM: keys, and certificates too, whose place is the same.
	`-----BEGIN`,
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
names_in(resource) := (((variables(resource) | variable_sets(resource)) | volumes(resource)) | projections(resource)) | registries(resource)

variables(resource) := {variable.valueFrom.secretKeyRef.name |
	some container in workload.containers(resource)
	some variable in object.get(container, "env", [])
}

variable_sets(resource) := {set.secretRef.name |
	some container in workload.containers(resource)
	some set in object.get(container, "envFrom", [])
}

volumes(resource) := {volume.secret.secretName | some volume in workload.volumes(resource)}

projections(resource) := {source.secret.name |
	some volume in workload.volumes(resource)
	some source in object.get(volume, ["projected", "sources"], [])
}

registries(resource) := {reference.name |
	some reference in object.get(workload.spec(resource), "imagePullSecrets", [])
}
