# W7, with the other objects of the namespace beside.
package k8s.identity_sharing_test

import data.k8s.identity_sharing
import data.lib.siblings

parameters := {"clouds": [
	{"prefix": "eks.amazonaws.com/", "component": "collector-aws"},
	{"prefix": "azure.workload.identity/", "component": "collector-azure"},
]}

deployment(component, account) := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": component},
	"spec": {"template": {
		"metadata": {"labels": {"app.kubernetes.io/component": component}},
		"spec": {"serviceAccountName": account},
	}},
}

job(component, account) := object.union(deployment(component, account), {"apiVersion": "batch/v1", "kind": "Job"})

account(component, annotations) := {
	"apiVersion": "v1",
	"kind": "ServiceAccount",
	"metadata": {"name": component, "labels": {"app.kubernetes.io/component": component}, "annotations": annotations},
}

role := {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/collector"}

messages(resource, others) := {found.msg |
	some found in identity_sharing.violation with input as {"review": {"object": resource}, "parameters": parameters}
		with data.inventory as siblings.inventory({resource} | others)
}

test_accepts_an_account_each if messages(deployment("api", "api"), {job("migrate", "migrate")}) == set()

test_accepts_an_account_for_all_of_one_component if {
	messages(deployment("api", "api"), {job("api", "api")}) == set()
}

test_refuses_a_shared_account if {
	messages(deployment("api", "shared"), {job("migrate", "shared")}) == {"W7 Deployment api: it shares the ServiceAccount shared with Job migrate"}
}

test_bears_what_has_no_pods if messages({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}, {deployment("api", "api")}) == set()

test_accepts_the_identity_of_its_own_collector if {
	messages(account("collector-aws", role), set()) == set()
	messages(job("collector-aws", "collector-aws"), {account("collector-aws", role)}) == set()
}

test_accepts_other_annotations if messages(account("api", {"example.com/owner": "team"}), set()) == set()

test_refuses_an_identity_for[component] if {
	some component in ["api", "collector-azure", ""]
	messages(account(component, role), set()) == {sprintf("W7 ServiceAccount %s: eks.amazonaws.com/role-arn is for collector-aws alone", [component])}
}

test_refuses_the_identity_of_another_account if {
	messages(deployment("api", "collector-aws"), {account("collector-aws", role)}) == {"W7 Deployment api: its ServiceAccount collector-aws has eks.amazonaws.com/role-arn, which is for collector-aws alone"}
}

test_refuses_the_label_of_another_cloud if {
	resource := json.patch(deployment("api", "api"), [{"op": "add", "path": "/spec/template/metadata/labels/azure.workload.identity~1use", "value": "true"}])
	messages(resource, set()) == {"W7 Deployment api: its pods have azure.workload.identity/use, which is for collector-azure alone"}
}

test_says_that_it_was_told_nothing if {
	{"msg": "there are no parameters for identity_sharing"} in identity_sharing.violation with input as {"review": {"object": {"kind": "ConfigMap"}}}
}
