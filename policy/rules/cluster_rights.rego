# METADATA
# title: Nothing of the product has rights in the cluster.
# custom:
#   kinds: [{apiGroups: [rbac.authorization.k8s.io], kinds: [Role, ClusterRole, RoleBinding, ClusterRoleBinding]}]
#   rules:
#     W10: No component asks the Kubernetes API for anything, so a right could only be abused.
package k8s.cluster_rights

import data.lib.report

violation contains report.about(input.review.object, "W10", "no component needs rights in the cluster: remove it") if {
	startswith(input.review.object.apiVersion, "rbac.authorization.k8s.io/")
	input.review.object.kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
}
