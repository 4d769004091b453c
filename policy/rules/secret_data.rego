# METADATA
# title: No manifest holds a secret.
# custom:
#   kinds: [{apiGroups: [""], kinds: [ConfigMap]}]
#   rules:
#     S4: Manifests are read by many, kept in repositories and shown by tools.
package k8s.secret_data

import data.lib.report
import data.lib.secrets

# In a manifest. Into a cluster Secrets have to come somehow, those of Helm too: Gatekeeper is not asked about them.
violation contains report.about(input.review.object, "S4", text) if {
	input.review.object.kind == "Secret"
	text := "make it in the cluster, or let an ExternalSecret do that: a manifest is no place for a secret"
}

violation contains report.about(input.review.object, "S4", text) if {
	input.review.object.kind == "ConfigMap"
	some [key, value] in entries
	secrets.holds_one(value)
	text := sprintf("%s holds what looks like a secret: keep it in a Secret", [key])
}

violation contains report.about(input.review.object, "S4", text) if {
	input.review.object.kind == "ConfigMap"
	some [key, _] in entries
	secrets.is_named_like_one(key)
	text := sprintf("%s is named like a secret: keep it in a Secret, or name it otherwise if it is none", [key])
}

entries contains [key, value] if some key, value in input.review.object.data

entries contains [key, base64.decode(value)] if some key, value in input.review.object.binaryData
