# W10, one kind at a time.
package k8s.cluster_rights_test

import data.k8s.cluster_rights

messages(group, kind) := {found.msg |
	some found in cluster_rights.violation with input as {"review": {"object": {"apiVersion": sprintf("%s/v1", [group]), "kind": kind, "metadata": {"name": "a"}}}}
}

test_refuses_a[kind] if {
	some kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]
	messages("rbac.authorization.k8s.io", kind) == {sprintf("W10 %s a: no component needs rights in the cluster: remove it", [kind])}
}

test_accepts_a_role_of_a_cloud if messages("iam.services.k8s.aws", "Role") == set()
