# METADATA
# title: Nothing of the product has rights in the cluster.
# custom:
#   kinds: [{apiGroups: [rbac.authorization.k8s.io], kinds: [Role, RoleBinding]}]
#   rules:
#     W10: No component asks the Kubernetes API for anything, so a right could only be abused.
package k8s.cluster_rights

import data.lib.report

# Of the whole cluster only in a manifest: those that are there are not the product's, and Gatekeeper is not asked about them.
violation contains report.about(input.review.object, "W10", "no component needs rights in the cluster: remove it") if {
	startswith(input.review.object.apiVersion, "rbac.authorization.k8s.io/")
	input.review.object.kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
}
