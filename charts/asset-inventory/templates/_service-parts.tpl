{{/* What the two services, api and ingest, have alike beside their Deployments. Each takes root, component, values. */}}

{{- define "inventory.hpa" -}}
{{- if .values.autoscaling.enabled -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "inventory.name" . }}
  labels:
    {{- include "inventory.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "inventory.name" . }}
  minReplicas: {{ .values.autoscaling.minReplicas }}
  maxReplicas: {{ .values.autoscaling.maxReplicas }}
  metrics:
    # Of the program's container alone: a sidecar's processor time says nothing about it.
    - type: ContainerResource
      containerResource:
        name: cpu
        container: {{ .component }}
        target:
          type: Utilization
          averageUtilization: {{ .values.autoscaling.targetCpuPercent }}
{{- end -}}
{{- end -}}

{{- define "inventory.pdb" -}}
{{- if eq (include "inventory.is-several" .values) "true" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "inventory.name" . }}
  labels:
    {{- include "inventory.labels" . | nindent 4 }}
spec:
  minAvailable: {{ .values.minAvailable }}
  # A pod that is not ready anyway does not keep a node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "inventory.selector" . | nindent 6 }}
{{- end -}}
{{- end -}}

{{- define "inventory.serviceaccount" -}}
{{- if .values.serviceAccount.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "inventory.serviceAccountName" . | quote }}
  labels:
    {{- include "inventory.labels" . | nindent 4 }}
  {{- with merge (dict) (default dict .annotations) .values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
{{- end -}}

{{/* … and targetPort, perhaps more ports. By number: a name of a native sidecar's port is found since Kubernetes 1.33 only. */}}
{{- define "inventory.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "inventory.name" . }}
  labels:
    {{- include "inventory.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector:
    {{- include "inventory.selector" . | nindent 4 }}
  ports:
    - name: http
      port: 80
      targetPort: {{ .targetPort }}
      protocol: TCP
      appProtocol: http
    - name: ops
      port: 9090
      targetPort: 9090
      protocol: TCP
{{- range .more }}
    - name: {{ .name }}
      port: {{ .port }}
      targetPort: {{ .port }}
      protocol: TCP
{{- end }}
{{- end -}}
