# The adapters reach every policy on secrets and workloads, through objects with which everything is wrong.
package adapters_test

import data.combined
import data.main

bad := [
	yaml.unmarshal(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: 2
  template:
    metadata: { labels: { app.kubernetes.io/component: api, eks.amazonaws.com/role: a } }
    spec:
      hostNetwork: true
      containers:
        - name: api
          image: api:latest
          env: [{ name: TOKEN, value: a }]
          envFrom: [{ secretRef: { name: other } }]
      volumes: [{ name: a, secret: { secretName: other } }]
`),
	{"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "aws"}, "spec": {}},
	{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}},
	{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a"}},
	{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "NodePort"}},
	{
		"apiVersion": "networking.k8s.io/v1",
		"kind": "Ingress",
		"metadata": {"name": "a"},
		"spec": {"defaultBackend": {"service": {"name": "b"}}},
	},
]

rules(violations) := {v.details.rule | some v in violations}

test_every_policy_of_one_object_is_asked if {
	found := rules(main.violation) with input as {"apiVersion": "v1", "kind": "List", "items": bad}
	found == {"S1", "S2", "S3", "S4", "S5", "W1", "W3", "W4", "W5", "W6", "W8", "W9", "W10", "W11"}
}

test_every_policy_of_several_objects_is_asked if {
	found := rules(combined.violation) with input as [{"path": "a.yaml", "contents": resource} | some resource in bad]
	found == {"N8", "W7", "W9", "W11"}
}
