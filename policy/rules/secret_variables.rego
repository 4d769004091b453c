# S1, S2: a variable never holds a secret but refers to one, each by its own name: nobody is given a whole Secret.
package k8s.secret_variables

import data.lib.report
import data.lib.secrets
import data.lib.workload

violation contains report.on_container("S1", input.review.object, container, text) if {
	some [container, variable] in variables
	secrets.is_named_like_one(variable.name)
	object.get(variable, ["valueFrom", "secretKeyRef"], null) == null
	text := sprintf("%s must come from a Secret (valueFrom.secretKeyRef), or be named otherwise if it is none", [variable.name])
}

violation contains report.on_container("S1", input.review.object, container, text) if {
	some [container, variable] in variables
	secrets.holds_one(object.get(variable, "value", ""))
	text := sprintf("%s holds what looks like a secret: use valueFrom.secretKeyRef", [variable.name])
}

violation contains report.on_container("S1", input.review.object, container, text) if {
	some container in workload.containers(input.review.object)
	some list in ["command", "args"]
	some argument in object.get(container, list, [])
	secrets.holds_one(argument)
	text := sprintf("%s holds what looks like a secret: everybody who may list processes reads it", [list])
}

violation contains report.on_container("S2", input.review.object, container, text) if {
	some container in workload.containers(input.review.object)
	some set in object.get(container, "envFrom", [])
	object.get(set, "secretRef", null) != null
	text := "envFrom.secretRef gives it every key of a Secret: name the keys it needs in env"
}

variables contains [container, variable] if {
	some container in workload.containers(input.review.object)
	some variable in object.get(container, "env", [])
}
